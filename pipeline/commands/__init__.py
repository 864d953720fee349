"""The commands, one module per group. Heavy modules are imported when a command runs."""
