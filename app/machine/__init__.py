"""The machine under the appliance, as the console asks for it: through its agent alone."""
