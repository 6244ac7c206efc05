"""What every case and anchor needs: processes, the server under test, a database, and the report."""
