"""What people must be told and acknowledge: kept on disk by the control process, sent out by a process of its own."""
