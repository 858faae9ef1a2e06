"""What holds for every service: its settings, its modules, its OpenAPI document."""

from plumbline.testing.service_checks import *
