"""One module per sub-command of `kairos`, imported only when that sub-command is asked for.

In: parsed arguments. Out: an exit code, after text on standard output.
Each module has `HELP`, `configure(parser)` and `run(args)`, as `streams.cli.Command` says. Nothing imports
these modules but `streams.cli`.
"""
