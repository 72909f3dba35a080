// Files that the page serves, embedded by the compiler; those in gzip/ are made by scripts/assets.
#include "CLinux.h"

static const unsigned char style_css[] = {
#embed "../Pages/Assets/gzip/style.css.gz"
};
static const unsigned char page_js[] = {
#embed "../Pages/Assets/gzip/page.js.gz"
};
static const unsigned char seal_js[] = {
#embed "../Pages/Assets/gzip/seal.js.gz"
};
static const unsigned char receipt_js[] = {
#embed "../Pages/Assets/gzip/receipt.js.gz"
};
static const unsigned char reveal_js[] = {
#embed "../Pages/Assets/gzip/reveal.js.gz"
};
static const unsigned char make_js[] = {
#embed "../Pages/Assets/gzip/make.js.gz"
};
static const unsigned char qr_js[] = {
#embed "../Pages/Assets/gzip/qr.js.gz"
};
static const unsigned char icon_svg[] = {
#embed "../Pages/Assets/icon.svg"
};

const unsigned char *onetime_asset(enum onetime_asset asset, size_t *count) {
    switch (asset) {
    case onetime_asset_style_css: *count = sizeof style_css; return style_css;
    case onetime_asset_page_js: *count = sizeof page_js; return page_js;
    case onetime_asset_seal_js: *count = sizeof seal_js; return seal_js;
    case onetime_asset_receipt_js: *count = sizeof receipt_js; return receipt_js;
    case onetime_asset_reveal_js: *count = sizeof reveal_js; return reveal_js;
    case onetime_asset_make_js: *count = sizeof make_js; return make_js;
    case onetime_asset_qr_js: *count = sizeof qr_js; return qr_js;
    case onetime_asset_icon_svg: break;
    }
    *count = sizeof icon_svg;
    return icon_svg;
}
