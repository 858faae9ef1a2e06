"""Every operation answers as the OpenAPI document says, whatever is sent."""

from plumbline.testing.contract import *
from sample.main import SERVICE

pytest_generate_tests = operations_of(SERVICE)
