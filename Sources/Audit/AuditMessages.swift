// Words that are longer than a line may have.

extension AuditLog {
    /// Texts as messages of events, none of which is cut: as many of them in each as have room, with commas between them, and what is
    /// longer than a message in several. One that is empty where there are none.
    public static func messages(of texts: [String]) -> [String] {
        var messages = [""]
        var room = messageBound
        for text in texts {
            let separator = messages[messages.count - 1].isEmpty ? "" : ", "
            let size = size(of: text)
            if separator.utf8.count + size <= room {
                messages[messages.count - 1] += separator + text
                room -= separator.utf8.count + size
                continue
            }
            if room < messageBound {
                messages.append("")
                room = messageBound
            }
            for scalar in text.unicodeScalars {
                let character = String(scalar)
                let size = Self.size(of: character)
                if size > room {
                    messages.append("")
                    room = messageBound
                }
                messages[messages.count - 1] += character
                room -= size
            }
        }
        return messages
    }

    /// How many bytes of JSON a text takes.
    private static func size(of text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + LineBuffer.size(of: String($1).utf8Span.span) }
    }
}
