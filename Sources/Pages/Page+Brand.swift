// Where pages show whose they are.
internal import HTTPServer

extension Page {
    /// The links of the document's head to icon and style sheet; the last tag stays open.
    static func brandLinks(_ writer: inout ResponseWriter, _ brand: Brand) {
        writer.markup("<link rel=\"icon\"")
        writer.attribute("type", brand.iconType)
        writer.attribute("href", brand.iconLocation)
        writer.markup(">\n<link rel=\"stylesheet\"")
        writer.attribute("href", brand.styleLocation)
    }

    /// Logo and name, as the way to the first page.
    static func masthead(_ writer: inout ResponseWriter, _ context: PageContext) {
        let brand = context.brand
        writer.markup("<a class=\"brand\" href=\"/")
        writer.element("", context.query, "\">")
        if let logo = brand.logoLocation {
            writer.markup("<img alt=\"\"")
            writer.attribute("src", logo)
            writer.markup(">\n")
        } else {
            // The icon once more, in the page: an image would be another request.
            let mark = brand.mark
            if mark.isEmpty { writer.append(Asset.icon.bytes) } else { writer.append(mark.span) }
        }
        writer.element("<span>", brand.name, "</span></a>\n")
    }

    /// Paragraphs of the brand's own. They may be in another language than the page, so each has its own direction.
    static func brandTexts(_ writer: inout ResponseWriter, _ paragraphs: [String]) {
        for paragraph in paragraphs { writer.element("<p dir=\"auto\">", paragraph, "</p>\n") }
    }

    /// The texts that the script shows with what it opened: elements of a template, which browsers don't show.
    static func brandTemplate(_ writer: inout ResponseWriter, _ brand: Brand) {
        guard !brand.afterReveal.isEmpty else { return }
        writer.markup("<template id=\"after-reveal\">\n")
        brandTexts(&writer, brand.afterReveal)
        writer.markup("</template>\n")
    }

    /// The brand's links at the foot.
    static func footerLinks(_ writer: inout ResponseWriter, _ brand: Brand) {
        guard !brand.footerLinks.isEmpty else { return }
        writer.markup("<ul class=\"links\">\n")
        for link in brand.footerLinks {
            writer.markup("<li><a rel=\"noopener noreferrer\" dir=\"auto\"")
            writer.attribute("href", link.address)
            writer.element(">", link.label, "</a></li>\n")
        }
        writer.markup("</ul>\n")
    }
}
