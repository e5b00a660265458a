"""The operator's page: a second process that shows the control process and hands it commands."""
