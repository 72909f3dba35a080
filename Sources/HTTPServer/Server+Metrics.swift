// The port that shows figures: a few connections of its own in the same loop, whatever the others do.
internal import Kernel

extension Server {
    /// How many connections the port for figures has at most, besides all others.
    static var metricsConnections: Int { 16 }

    /// Whether one more client may connect to the main port.
    var hasRoomForConnection: Bool { openCount - metricsCount < limits.connections }

    /// Begins to listen there.
    func listenForMetrics() throws(Errno) {
        guard !isListeningForMetrics else { return }
        switch metricsListener {
        case .some(let listener):
            try queue.add(listener.rawValue, for: .readable, token: Token.metrics)
            isListeningForMetrics = true
        case .none: break
        }
    }

    /// Accepts one connection, which the kernel tells of again while there are more. Whoever comes when all places are taken is
    /// closed: a scraper comes again.
    func acceptMetricsConnections() {
        var peer: SocketAddress?
        do throws(Errno) {
            guard let accepted = try metricsListener?.accept(from: &peer), let peer else { return }
            if metricsCount < Self.metricsConnections { add(accepted, peer, isOnMetricsPort: true) }
        } catch {
            meter.pausedByMachine += 1
            listensAgainAt = now.milliseconds + Self.tickMilliseconds
            pauseMetrics()
        }
    }

    private func pauseMetrics() {
        switch metricsListener {
        case .some(let listener) where isListeningForMetrics: queue.remove(listener.rawValue)
        default: break
        }
        isListeningForMetrics = false
    }

    /// Listens there no longer.
    func stopMetrics() {
        pauseMetrics()
        metricsListener = nil
    }
}
