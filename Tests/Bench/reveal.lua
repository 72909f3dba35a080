-- wrk: every request reveals another secret of the file BENCH_KEYS, each once. Requests beyond the last key are
-- answered 404, which the caller sees as a failed run.
local keys, size, place = nil, 81, 0

function init()
    local file = assert(io.open(os.getenv("BENCH_KEYS"), "rb"))
    keys = file:read("*a")
    file:close()
end

function request()
    local key = keys:sub(place * size + 1, place * size + 31)
    place = (place + 1) % (#keys / size)
    return "POST /api/v1/secret/" .. key .. " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n"
end
