"""The history of the schema; where a constraint refuses a made-up value, override `samples`."""

from plumbline.testing.migrations import *
