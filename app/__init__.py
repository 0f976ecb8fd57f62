"""What people see: the console of the administrators and the workspace of everybody else."""
