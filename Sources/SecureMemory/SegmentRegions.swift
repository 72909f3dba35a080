// Where the segments of a block heap come from: regions of address space in which each segment has its own pages.
internal import Glibc

/// Segments of one size, 2^order pages each, every one at a multiple of that size.
@safe
struct SegmentRegions: ~Copyable, @unchecked Sendable {
    // Sendable: its pointers are to its own mappings, and whoever uses it holds the heap's lock.

    static let largestOrder = 4
    private static let regionBytes = 4 << 20
    /// Segments that are not in use keep this many bytes of pages, so that a block which comes and goes does not cost a page
    /// each time.
    private static let spareBytes = 64 << 10

    /// A segment and the number of the region that it lies in.
    @safe
    struct Place {
        let base: UnsafeMutableRawPointer
        let region: Int
    }

    @safe
    private struct Region {
        var base: UnsafeMutableRawPointer?
        /// A bit for each segment, set while it is not in use.
        var free: [16 of UInt64] = .init(repeating: 0)
        var freeCount = 0

        var isFull: Bool { unsafe base != nil && freeCount == 0 }
    }

    let segmentBytes: Int
    private let segmentsInRegion: Int
    private var regions: [Region] = []
    /// No region below this one has a segment that is not in use.
    private var firstWithRoom = 0
    private var spares: [Place] = []

    init(order: Int) {
        segmentBytes = Pages.size << order
        segmentsInRegion = Self.regionBytes / segmentBytes
        spares.reserveCapacity(Self.spareBytes / segmentBytes)
    }

    deinit {
        for region in regions {
            if let base = unsafe region.base { unsafe Pages.unmap(base, Self.regionBytes) }
        }
    }

    /// A segment that is not in use, from the lowest region that has one, so that what lives stays close together.
    mutating func take() -> Place? {
        if let spare = spares.popLast() { return spare }
        while firstWithRoom < regions.count, regions[firstWithRoom].isFull { firstWithRoom += 1 }
        let number = firstWithRoom
        if number == regions.count { regions.append(Region()) }
        if unsafe regions[number].base == nil {
            guard let base = unsafe Self.mapRegion() else { return nil }
            unsafe regions[number].base = base
            regions[number].freeCount = segmentsInRegion
            for segment in 0..<segmentsInRegion { regions[number].free[segment / 64] |= 1 << UInt64(segment % 64) }
        }
        guard let base = unsafe regions[number].base,
            let word = (0..<16).first(where: { regions[number].free[$0] != 0 })
        else { return nil }
        let bit = regions[number].free[word].trailingZeroBitCount
        regions[number].free[word] &= ~(1 << UInt64(bit))
        regions[number].freeCount -= 1
        return unsafe Place(base: base + (word * 64 + bit) * segmentBytes, region: number)
    }

    /// Takes a segment out of use. Returns how many bytes went back to the kernel.
    mutating func giveBack(_ place: Place) -> Int {
        if spares.count * segmentBytes < Self.spareBytes {
            spares.append(place)
            return 0
        }
        guard let base = unsafe regions[place.region].base else { return 0 }
        let segment = unsafe (place.base - base) / segmentBytes
        regions[place.region].free[segment / 64] |= 1 << UInt64(segment % 64)
        regions[place.region].freeCount += 1
        firstWithRoom = min(firstWithRoom, place.region)
        if regions[place.region].freeCount == segmentsInRegion {
            unsafe Pages.unmap(base, Self.regionBytes)
            unsafe regions[place.region].base = nil
        } else {
            unsafe madvise(place.base, segmentBytes, MADV_DONTNEED)
        }
        return segmentBytes
    }

    /// Address space for a region, at a multiple of the largest segments' size.
    private static func mapRegion() -> UnsafeMutableRawPointer? {
        let alignment = Pages.size << largestOrder
        guard let mapped = unsafe Pages.map(regionBytes + alignment) else { return nil }
        let before = (alignment - Int(bitPattern: mapped) & (alignment - 1)) & (alignment - 1)
        if before > 0 { unsafe Pages.unmap(mapped, before) }
        let base = unsafe mapped + before
        if before < alignment { unsafe Pages.unmap(base + regionBytes, alignment - before) }
        // Or a block would occupy 2 MiB where the kernel is set to give everybody large pages.
        unsafe madvise(base, regionBytes, MADV_NOHUGEPAGE)
        return unsafe base
    }
}
