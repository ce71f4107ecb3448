"""The contracts are no test modules by name, but their assertions should tell as much as any."""

import pytest

pytest.register_assert_rewrite("contract.queue_contract", "contract.run_store_contract")
