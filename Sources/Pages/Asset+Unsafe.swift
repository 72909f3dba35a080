// The bytes of the embedded files, which C hands over as pointer and count.
internal import CLinux

extension Asset {
    static var styleSheetBytes: Span<UInt8> {
        @_lifetime(immortal)
        get { unsafe constant(onetime_asset_style_css, onetime_asset_style_css_count) }
    }

    static var iconBytes: Span<UInt8> {
        @_lifetime(immortal)
        get { unsafe constant(onetime_asset_icon_svg, onetime_asset_icon_svg_count) }
    }

    /// Unsafe: constants of the executable live as long as the process and never change; the count is their sizeof.
    @_lifetime(immortal)
    private static func constant(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Span<UInt8> {
        let span = unsafe Span(_unsafeElements: UnsafeBufferPointer(start: start, count: count))
        return unsafe _overrideLifetime(span, borrowing: ())
    }
}
