"""The long form of tests/test_histories.py, tests/test_faults.py and tests/test_invariants.py: `make torture`."""
