"""Every operation answers as the OpenAPI document says, whatever is sent; see `credentials`."""

from plumbline.testing.contract import *

from identity.main import SERVICE

pytest_generate_tests = operations_of(SERVICE)
