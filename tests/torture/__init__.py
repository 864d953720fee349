"""The long form of tests/test_histories.py and tests/test_faults.py: `make torture`."""
