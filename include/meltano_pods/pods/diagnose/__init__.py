"""What a pod's status, its events and the API's answers mean. Pure: plain data in, values out."""
