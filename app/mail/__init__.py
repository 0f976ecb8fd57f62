"""Mail out of the appliance: a relay that the company names, a queue, and a courier."""
