// The bytes of the embedded files, which C hands over as pointer and count.
internal import CLinux

extension Asset {
    /// The bytes as they are sent.
    var bytes: Span<UInt8> {
        @_lifetime(immortal)
        get {
            var count = 0
            // Unsafe: constants of the executable live as long as the process and never change; the count is their sizeof.
            let start = unsafe onetime_asset(symbol, &count)
            let span = unsafe Span(_unsafeElements: UnsafeBufferPointer(start: start, count: count))
            return unsafe _overrideLifetime(span, borrowing: ())
        }
    }

    private var symbol: onetime_asset {
        switch self {
        case .styleSheet: onetime_asset_style_css
        case .page: onetime_asset_page_js
        case .seal: onetime_asset_seal_js
        case .receipt: onetime_asset_receipt_js
        case .reveal: onetime_asset_reveal_js
        case .qr: onetime_asset_qr_js
        case .make: onetime_asset_make_js
        case .icon, .robots: onetime_asset_icon_svg
        }
    }
}
