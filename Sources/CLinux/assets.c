// Files that the page serves, embedded by the compiler.
#include "CLinux.h"

const unsigned char onetime_asset_style_css[] = {
#embed "../Pages/Assets/style.css"
};
const size_t onetime_asset_style_css_count = sizeof onetime_asset_style_css;

const unsigned char onetime_asset_icon_svg[] = {
#embed "../Pages/Assets/icon.svg"
};
const size_t onetime_asset_icon_svg_count = sizeof onetime_asset_icon_svg;
