// The brand as the operator asked for it: options for one, a file for more, and the pictures that both name.
import Kernel
import Pages
import Service

/// What options say of the brand. Each is stronger than the first section of the file.
struct BrandSettings {
    var name: String?
    var color: BrandColor?
    /// The path of a picture.
    var logo: String?
    var file: String?
    var locale: String?
}

extension Configuration {
    static var brands: [Option] {
        [
            Option(
                flag: "brand", variable: "BRAND_PRODUCT_NAME", value: "NAME", help: "the name on pages",
                show: { $0.service.brand.name }
            ) { (text, configuration) throws(Option.Refused) in
                guard Brand.isName(text) else { throw Option.Refused(allowed: Brand.allowedNames) }
                configuration.brand.name = text
            },
            Option(
                flag: "brand-color", variable: "BRAND_PRIMARY_COLOR", value: "#RRGGBB",
                help: "the colour of buttons and links, made darker or lighter where it could not be read",
                show: { $0.brand.color?.text ?? "" }
            ) { (text, configuration) throws(Option.Refused) in
                guard let color = BrandColor(text) else { throw Option.Refused(allowed: BrandColor.allowed) }
                configuration.brand.color = color
            },
            Option(
                flag: "brand-logo", variable: "BRAND_LOGO_URL", value: "FILE",
                help: "a picture for the header and the tab, up to 64 KiB: \(BrandPicture.kinds)",
                show: { $0.brand.logo ?? "" }
            ) { (text, configuration) throws(Option.Refused) in
                guard let path = BrandPicture.path(text) else { throw Option.Refused(allowed: BrandPicture.allowed) }
                configuration.brand.logo = path
            },
            Option(
                flag: "brand-file", variable: "BRAND_FILE", value: "FILE",
                help: "all of a brand, and brands of further domains"
            ) { (text, configuration) throws(Option.Refused) in
                configuration.brand.file = text
            },
        ]
    }

    /// Reads the files that options name, all that are read before anybody is served. What is wrong is told by ``errors``.
    mutating func readFiles() {
        do throws(UsageError) {
            try readBrands()
            try readKeys()
            try readCountries()
        } catch {
            errors.append(error.text)
        }
        // A brand file alone is for everybody: its first section says so.
        if service.publicURL != nil || !service.allowedHosts.isEmpty {
            service.ownNames = tls.hosts.map { TLSSettings.withoutPort($0).lowercased() }
        }
    }

    /// Reads the brand file and all pictures.
    private mutating func readBrands() throws(UsageError) {
        let own = brand
        var main = Brand.Description()
        if let path = brand.file {
            let bytes = try bytes(of: path)
            do throws(BrandFile.Fault) {
                for section in try BrandFile(parsing: bytes).sections {
                    let description = try section.described(besides: path, filePatience)
                    guard let domain = section.domain else {
                        main = description
                        takeUp(section)
                        continue
                    }
                    service.domains.append(.init(name: domain, brand: Brand(description)))
                    tls.hosts.append(domain)
                }
            } catch {
                throw UsageError(text: "\(path), \(error)")
            }
        }
        if let name = own.name { main.name = name }
        if let color = own.color { main.primaryColor = color }
        if let path = own.logo { main.logo = try logo(path) }
        if let locale = own.locale { main.locale = locale }
        guard main.fitsPages else { throw UsageError(text: "of the brand, \(Brand.allowedTogether)") }
        if let locale = main.locale { service.locale = locale }
        service.brand = Brand(main)
    }

    /// What the file's first section says where no option does.
    private mutating func takeUp(_ section: BrandFile.Section) {
        let reason = "by brand-file"
        if brand.name == nil, section.description.name != Brand.standardName { notes["brand"] = reason }
        if brand.color == nil, let color = section.description.primaryColor {
            brand.color = color
            notes["brand-color"] = reason
        }
        if brand.logo == nil, let picture = section.logo {
            brand.logo = picture.path
            notes["brand-logo"] = reason
        }
        if brand.locale == nil, section.description.locale != nil { notes["locale"] = reason }
    }

    private func bytes(of path: String) throws(UsageError) -> [UInt8] {
        do throws(Errno) {
            return try File.read(path, limit: BrandFile.maximumSize, patience: filePatience)
        } catch {
            throw UsageError(text: "the brand file \(path) cannot be read: \(error)")
        }
    }

    private func logo(_ path: String) throws(UsageError) -> BrandPicture {
        do throws(PictureFault) {
            return try BrandPicture(readFrom: path, filePatience)
        } catch {
            throw UsageError(text: "the logo \(path): \(error.text)")
        }
    }
}

/// Why a file is no picture.
private struct PictureFault: Error {
    let text: String
}

extension BrandPicture {
    fileprivate init(readFrom path: String, _ patience: Int) throws(PictureFault) {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try File.read(path, limit: Self.maximumSize, patience: patience)
        } catch .fileTooLarge {
            throw PictureFault(text: "a picture has at most 64 KiB")
        } catch {
            throw PictureFault(text: "\(error)")
        }
        guard let picture = BrandPicture(bytes) else { throw PictureFault(text: "it is no \(Self.kinds) picture") }
        self = picture
    }
}

extension BrandFile.Section {
    /// What the section says, with its pictures. Paths that are not absolute begin where the brand file is.
    fileprivate func described(besides file: String, _ patience: Int) throws(BrandFile.Fault) -> Brand.Description {
        var result = description
        let folder = file.lastIndex(of: "/").map { file[...$0] } ?? ""
        func read(_ picture: BrandFile.Picture?) throws(BrandFile.Fault) -> BrandPicture? {
            guard let picture else { return nil }
            do throws(PictureFault) {
                return try BrandPicture(
                    readFrom: picture.path.hasPrefix("/") ? picture.path : folder + picture.path, patience)
            } catch {
                throw picture.fault(error.text)
            }
        }
        result.logo = try read(logo)
        result.favicon = try read(favicon)
        return result
    }
}
