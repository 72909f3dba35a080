// `GET /metrics`: how the server is, in numbers. No label holds a token, a name, an address or a host.
internal import Audit
public import HTTPServer
internal import HTTPWire
public import Kernel
internal import Log
internal import SecureMemory
public import Vault

extension OnetimeService {
    /// The figures of this moment: those that are few as the first part, those of requests after it.
    func writeMetrics(_ response: inout ResponseWriter, _ vault: isolated Vault) -> MetricsText {
        response.begin(.ok)
        response.fields(
            """
            Content-Type: text/plain; version=0.0.4; charset=utf-8\r
            Cache-Control: no-store\r
            X-Content-Type-Options: nosniff\r

            """)
        writeBuild(&response)
        writeSecrets(&response, vault)
        writeMemory(&response, vault)
        writeConnections(&response)
        writeRefusals(&response)
        writeTimes(&response)
        writeSenders(&response)
        writeProcess(&response)
        return MetricsText(observation.requests)
    }

    private func writeBuild(_ response: inout ResponseWriter) {
        response.metric(
            "onetime_build_info", "gauge", "Always 1; the labels say what runs, and what protects its memory.")
        response.append("onetime_build_info{version=\"")
        response.append(observation.settings.version)
        response.append("\",memory=\"")
        response.append(observation.settings.memory)
        response.append("\"} 1\n")
    }

    private func writeSecrets(_ response: inout ResponseWriter, _ vault: isolated Vault) {
        let (counts, tally) = (vault.counts, vault.tally)
        response.single("onetime_secrets_held", "gauge", UInt64(vault.count), "Secrets that are held.")
        response.single(
            "onetime_secrets_limit", "gauge", UInt64(vault.secretLimit), "How many secrets may be held.")
        response.single("onetime_secrets_created_total", "counter", tally.created, "Secrets that were taken in.")
        response.single(
            "onetime_secrets_revealed_total", "counter", counts.readers,
            "Readers who got a secret; one who asks for his own again does not count again.")
        let ended: StaticString = "onetime_secrets_ended_total"
        response.metric(
            ended, "counter",
            "Secrets that are gone: all readers had them, somebody destroyed them, their time was over, or all were wiped."
        )
        response.sample(ended, "how", "received", tally.revealed)
        response.sample(ended, "how", "burned", tally.burned)
        response.sample(ended, "how", "expired", tally.expired)
        response.sample(ended, "how", "wiped", tally.wiped)
        response.single(
            "onetime_wrong_passphrases_total", "counter", counts.wrongPassphrases, "Passphrases that were wrong.")
    }

    private func writeMemory(_ response: inout ResponseWriter, _ vault: isolated Vault) {
        let inUse = vault.bytesInUse
        response.single(
            "onetime_vault_bytes", "gauge", UInt64(max(inUse, 0)), "What secrets take of the vault's budget.")
        response.single(
            "onetime_vault_limit_bytes", "gauge", UInt64(max(inUse + vault.freeBytes, 0)), "The vault's budget.")
        let (arena, inputs) = (context.arena, observation.inputs)
        let used: StaticString = "onetime_locked_memory_used_bytes"
        response.metric(
            used, "gauge",
            "Protected memory that is lent: to requests under way, and to beginnings of requests that wait.")
        response.sample(used, "pool", "requests", UInt64(max(arena.capacity - arena.freeBytes, 0)))
        response.sample(used, "pool", "inputs", UInt64(max(inputs.capacity - inputs.freeBytes, 0)))
        let limit: StaticString = "onetime_locked_memory_limit_bytes"
        response.metric(limit, "gauge", "Protected memory that there is.")
        response.sample(limit, "pool", "requests", UInt64(arena.capacity))
        response.sample(limit, "pool", "inputs", UInt64(inputs.capacity))
    }

    private func writeConnections(_ response: inout ResponseWriter) {
        let meter = observation.meter
        response.single("onetime_connections_open", "gauge", UInt64(meter.open), "Connections that are open.")
        response.single(
            "onetime_connections_accepted_total", "counter", meter.accepted, "Connections that were accepted.")
        let refused: StaticString = "onetime_connections_refused_total"
        response.metric(refused, "counter", "Connections that were turned away.")
        response.sample(refused, "reason", "address_limit", meter.refusedByAddress)
        let pauses: StaticString = "onetime_accept_pauses_total"
        response.metric(
            pauses, "counter", "How often connections had to wait with the kernel before they were accepted.")
        response.sample(pauses, "reason", "connection_limit", meter.pausedByLimit)
        response.sample(pauses, "reason", "machine", meter.pausedByMachine)
        response.single(
            "onetime_connections_timed_out_total", "counter", meter.timedOut,
            "Connections that were ended because their time was over, idle ones included.")
        response.single(
            "onetime_tls_handshakes_failed_total", "counter", meter.failedHandshakes, "TLS handshakes that failed.")
        let headers: StaticString = "onetime_proxy_headers_failed_total"
        response.metric(
            headers, "counter", "Connections that did not begin with the header of the PROXY protocol that they had to."
        )
        for failure in ProxyHeaderFailure.allCases {
            response.sample(headers, "reason", failure.name, meter.failedProxyHeaders[Int(failure.rawValue)])
        }
        response.single(
            "onetime_http_received_bytes_total", "counter", meter.received, "Bytes of HTTP received, TLS not counted.")
        response.single("onetime_http_sent_bytes_total", "counter", meter.sent, "Bytes of HTTP sent, TLS not counted.")
        response.single(
            "onetime_http_requests_broken_off_total", "counter", observation.requests.brokenOff,
            "Requests whose answer did not come to its end.")
    }

    private func writeRefusals(_ response: inout ResponseWriter) {
        let meter = observation.meter
        let name: StaticString = "onetime_refusals_total"
        response.metric(name, "counter", "Requests that were refused, by reason; some reasons appear once they occur.")
        response.sample(name, "reason", "malformed", meter.malformed)
        response.sample(name, "reason", "too-slow", meter.tooSlow)
        response.sample(name, "reason", "rate-requests", meter.tooMany)
        response.sample(name, "reason", "no-memory-for-request", meter.withoutMemory)
        for refusal in observation.refusals { response.sample(name, "reason", refusal.reason, refusal.count) }
    }

    private func writeTimes(_ response: inout ResponseWriter) {
        let meter = observation.meter
        response.metric(
            "onetime_timer_lag_seconds", "histogram", "How much later than asked for the loop's alarm was noticed.")
        response.samples("onetime_timer_lag_seconds", meter.alarmLag)
        response.metric(
            "onetime_loop_turn_seconds", "histogram", "How long turns of the loop took, waiting not included.")
        response.samples("onetime_loop_turn_seconds", meter.turns)
        response.metric("onetime_loop_turn_longest_seconds", "gauge", "The longest turn of the loop since the start.")
        response.sample("onetime_loop_turn_longest_seconds", microseconds: meter.longestTurn)
        response.single(
            "onetime_log_lines_dropped_total", "counter", log.droppedCount,
            "Lines of the log that nobody read in time.")
    }

    private func writeSenders(_ response: inout ResponseWriter) {
        if let audit = context.audit {
            response.single(
                "onetime_audit_lines_total", "counter", audit.count, "Lines of the audit log.")
            response.single(
                "onetime_audit_lines_dropped_total", "counter", audit.dropped,
                "Lines of the audit log that a receiver was too slow for, all receivers together.")
        }
        guard !observation.senders.isEmpty else { return }
        let all = observation.senders.map { (name: $0.name, counts: $0.counts()) }
        let delivered: StaticString = "onetime_outbound_delivered_total"
        response.metric(delivered, "counter", "Messages that a receiver has, as far as can be told.")
        for sender in all { response.sample(delivered, "to", sender.name, sender.counts.delivered) }
        let failed: StaticString = "onetime_outbound_failed_total"
        response.metric(failed, "counter", "Messages that were given up.")
        for sender in all { response.sample(failed, "to", sender.name, sender.counts.failed) }
        let dropped: StaticString = "onetime_outbound_dropped_total"
        response.metric(dropped, "counter", "Messages that were never tried: there was no room.")
        for sender in all { response.sample(dropped, "to", sender.name, sender.counts.dropped) }
    }

    private func writeProcess(_ response: inout ResponseWriter) {
        let figures = ProcessFigures()
        response.single(
            "process_start_time_seconds", "gauge", UInt64(max(observation.started, 0)),
            "Start time of the process since unix epoch in seconds.")
        response.metric("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.")
        response.sample("process_cpu_seconds_total", microseconds: figures.processorMicroseconds)
        if let bytes = figures.virtualBytes {
            response.single("process_virtual_memory_bytes", "gauge", UInt64(bytes), "Virtual memory size in bytes.")
        }
        if let bytes = figures.residentBytes {
            response.single("process_resident_memory_bytes", "gauge", UInt64(bytes), "Resident memory size in bytes.")
        }
        if let count = figures.openDescriptors {
            response.single("process_open_fds", "gauge", UInt64(count), "Number of open file descriptors.")
        }
        if let count = figures.descriptorLimit {
            response.single("process_max_fds", "gauge", UInt64(count), "Maximum number of open file descriptors.")
        }
    }

    // MARK: What the server tells

    /// Counts a request that ended, and writes its line.
    public func ended(_ report: RequestReport, isolation: isolated Vault) {
        observation.note(report)
    }

    /// Hands the lines of this turn on, as far as somebody takes them.
    public func turnEnds(now: Moment, isolation: isolated Vault) {
        context.audit?.publish(now: now.milliseconds)
        if log.hasLines { log.flushInTurn(now: now.milliseconds) }
    }
}
