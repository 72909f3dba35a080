// What the field decoders tell a sink, written down; and feeding them as a request does.

import HTTPWire

/// One thing that a sink is told. A value is one event, however many pieces it came in.
enum FieldEvent: Equatable {
    case begin([UInt8], FieldKind)
    case fileName([UInt8])
    case mediaType([UInt8])
    case value([UInt8])
    case end
    case beginObject([UInt8])
    case endObject
}

/// What came of a body.
struct FieldRecord: Equatable {
    var events: [FieldEvent] = []
    var fault: FieldFault?
}

/// Writes down what it is told, and refuses values beyond its bound.
struct RecordingSink: FieldSink {
    /// Bytes of all values that it takes; what is more is refused, as a draft does.
    let capacity: Int
    var events: [FieldEvent] = []
    private(set) var valueBytes = 0
    private var isOpen = false
    private var depth = 0

    init(capacity: Int) { self.capacity = capacity }

    mutating func beginField(name: Span<UInt8>, kind: FieldKind) {
        expect(!isOpen, "a field begins within another")
        expect(name.count <= FieldLimits.maxNameBytes, "a field's name is too long")
        isOpen = true
        events.append(.begin(array(name), kind))
    }

    mutating func fileName(_ name: Span<UInt8>) {
        expect(isOpen && !name.isEmpty, "the name of no file, or an empty one")
        events.append(.fileName(array(name)))
    }

    mutating func mediaType(_ type: Span<UInt8>) {
        expect(isOpen && !type.isEmpty, "the type of no field, or an empty one")
        events.append(.mediaType(array(type)))
    }

    mutating func appendValue(_ piece: Span<UInt8>) throws(FieldFault) {
        expect(isOpen && !piece.isEmpty, "a piece of no field, or an empty one")
        let taken = min(piece.count, capacity - valueBytes)
        valueBytes += taken
        if taken > 0 {
            if case .value(let before) = events.last {
                events[events.count - 1] = .value(before + array(piece).prefix(taken))
            } else {
                events.append(.value(Array(array(piece).prefix(taken))))
            }
        }
        if taken < piece.count { throw .valueTooLong }
    }

    mutating func endField() {
        expect(isOpen, "the end of no field")
        isOpen = false
        events.append(.end)
    }

    mutating func beginObject(name: Span<UInt8>) {
        expect(!isOpen, "an object begins within a value")
        depth += 1
        events.append(.beginObject(array(name)))
    }

    mutating func endObject() {
        expect(!isOpen && depth > 0, "the end of no object")
        depth -= 1
        events.append(.endObject)
    }

    private func array(_ span: Span<UInt8>) -> [UInt8] { span.indices.map { span[$0] } }
}

/// The contract that all field decoders share.
protocol FieldDecoder {
    @_lifetime(bytes: copy bytes)
    mutating func decode<Sink: FieldSink & ~Copyable>(
        _ bytes: inout MutableSpan<UInt8>, isLast: Bool, into sink: inout Sink
    ) throws(FieldFault) -> Int
}

extension FormDecoder: FieldDecoder {}
extension MultipartDecoder: FieldDecoder {}
extension JSONFieldDecoder: FieldDecoder {}

/// Decodes an input in every cutting, sees that they agree and that the contract is kept, and returns what came of it.
func decodeFields(_ raw: [UInt8], _ decoder: some FieldDecoder) -> FieldRecord {
    var random = Splits(raw)
    // Mostly all is taken; each third input meets a sink that is full at some point.
    let capacity = random.next(upTo: 3) == 1 ? random.next(upTo: max(raw.count, 1)) - 1 : Int.max
    let ways = cuttings(of: raw)
    let first = feed(raw, decoder, ways[0], capacity)
    for cuts in ways.dropFirst() {
        let other = feed(raw, decoder, cuts, capacity)
        expect(other == first, "the fields depend on how the body is cut", "\(first)\n    \(other)\n    \(cuts)")
    }
    return capacity == .max ? first : feed(raw, decoder, ways[0], .max)
}

private func feed(_ raw: [UInt8], _ decoder: some FieldDecoder, _ cuts: [Int], _ capacity: Int) -> FieldRecord {
    var (decoder, sink) = (decoder, RecordingSink(capacity: capacity))
    var (window, fed, fault) = ([UInt8](), 0, FieldFault?.none)
    for (number, cut) in cuts.enumerated() {
        window += raw[fed..<cut]
        fed = cut
        let isLast = number == cuts.count - 1
        var consumed = 0
        let before = window
        withExactMemory(&window) { bytes in
            do throws(FieldFault) {
                consumed = try decoder.decode(&bytes, isLast: isLast, into: &sink)
            } catch {
                fault = error
            }
        }
        expect(sink.valueBytes <= fed, "more bytes of values than came")
        if fault != nil { break }
        expect(0...window.count ~= consumed, "more consumed than there was")
        expect(window[consumed...] == before[consumed...], "bytes altered that were not consumed")
        window.removeFirst(consumed)
        expect(window.count < FieldLimits.minWindowBytes, "holds on to more than a window")
        expect(!isLast || window.isEmpty, "the last bytes are not consumed")
    }
    return FieldRecord(events: sink.events, fault: fault)
}

/// Compares with what a plain reading of the whole body says: the same fields, and refused or not.
func agree(_ record: FieldRecord, _ plain: (events: [FieldEvent], isRefused: Bool), _ raw: [UInt8]) {
    // A value that is refused after its beginning may have been delivered up to there; the plain reading says the same.
    let isSame = record.events == plain.events && (record.fault != nil) == plain.isRefused
    expect(isSame, "the fields are not those of a plain reading", "\(record)\n    \(plain)\n    \(printable(raw))")
}
