"""The image: a Debian 13 with the appliance in it, made layer by layer by one playbook."""
