-- wrk: every request creates a secret of 256 bytes.
wrk.method = "POST"
wrk.path = "/api/v1/share"
wrk.body = "secret=" .. string.rep("0123456789abcdef", 16)
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
