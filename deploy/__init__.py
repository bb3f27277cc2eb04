"""What an operator deploys beside the workers: rules, dashboards, and the programs that write them.

    declared metrics -> rules and dashboards as tables -> files for Prometheus and Grafana

`python -m deploy.generate` writes the files; a test keeps them in step. Nothing imports this but tests.
"""
