// Files that the page serves, embedded by the compiler.
#include "CLinux.h"

static const unsigned char style_css[] = {
#embed "../Pages/Assets/style.css"
};
const unsigned char *const onetime_asset_style_css = style_css;
const size_t onetime_asset_style_css_count = sizeof style_css;

static const unsigned char icon_svg[] = {
#embed "../Pages/Assets/icon.svg"
};
const unsigned char *const onetime_asset_icon_svg = icon_svg;
const size_t onetime_asset_icon_svg_count = sizeof icon_svg;
