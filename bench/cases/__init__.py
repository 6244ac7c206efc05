"""What is measured: each module has `run(bench)`, which returns its lines of the report."""
