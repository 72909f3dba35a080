// Dutch.

extension Words {
    /// Dutch.
    public static let dutch = Words(
        tag: "nl",
        footer: "Geheimen staan alleen in het geheugen van deze server en verdwijnen ermee.",
        problem: "Dat lukte niet",
        share: "Deel een geheim",
        shareAnother: "Deel nog een geheim",
        insecureConnection: "Deze pagina kwam niet over een versleutelde verbinding (HTTPS): "
            + "anderen op het netwerk kunnen misschien meelezen.",
        createTitle: "Deel een geheim, één keer",
        createLead: "Vul het in en stuur de link. De link werkt één keer, daarna is het geheim weg.",
        contentLabel: "Je geheim",
        contentHint: { "Een wachtwoord, een sleutel, een bericht: elke tekst tot \($0)." },
        optionsSummary: "Wachtzin en levensduur",
        passphraseOptionalLabel: "Wachtzin (mag leeg blijven)",
        passphraseLabel: "Wachtzin",
        passphraseHint: "De ontvanger moet die invullen. Geef de wachtzin langs een andere weg door dan de link, "
            + "bijvoorbeeld aan de telefoon.",
        passphraseMinimumHint: { "Minstens \($0) tekens." },
        lifetimeLabel: "Levensduur",
        lifetimeHint: "Daarna wordt het ongelezen vernietigd. Hoe korter, hoe veiliger.",
        createButton: "Maak een geheime link",
        generateButton: "Verzin een wachtwoord",
        generateHint: "Heeft iemand een nieuw wachtwoord nodig? Wij verzinnen er een en delen het op dezelfde manier.",
        receiptNewTitle: "Je geheime link is klaar",
        receiptReceivedTitle: "Je geheim is gelezen",
        receiptBurnedTitle: "Je geheim is vernietigd",
        receiptExpiredTitle: "Je geheim is ongelezen verlopen",
        receiptNewLead: "Stuur deze link naar één persoon.",
        receiptReceivedLead: "Het bestaat niet meer op deze server. Heeft niet jouw ontvanger het gelezen, "
            + "dan kent nu iemand anders het: verander het overal waar je het gebruikt.",
        receiptBurnedLead: "Het is vernietigd voordat iemand het las. De link werkt niet meer.",
        receiptExpiredLead: "Niemand heeft het op tijd gelezen, en nu kan niemand dat meer.",
        linkLabel: "Geheime link",
        linkWarning: "Open de link niet om te kijken of hij werkt: wie het geheim laat tonen, verbruikt hem.",
        linkPassphraseHint: "Geef de wachtzin langs een andere weg door dan de link.",
        generatedLabel: "Verzonnen wachtwoord",
        generatedHint: "Je krijgt het alleen deze ene keer te zien.",
        stateLabel: "Toestand",
        stateNew: "Nog niet gelezen",
        stateReceived: "Gelezen",
        stateBurned: "Vernietigd",
        stateExpired: "Verlopen",
        createdLabel: "Gemaakt",
        expiresLabel: "Verloopt",
        receivedLabel: "Gelezen",
        burnedLabel: "Vernietigd",
        expiredLabel: "Verlopen",
        passphraseSet: "Ingesteld",
        passphraseNone: "Geen",
        timeLeft: { "nog \($0)" },
        factsTitle: "Ontvangstbewijs",
        receiptHint: "Houd dit ontvangstbewijs voor jezelf: het laat zien of het geheim gelezen is, "
            + "en je kunt het geheim ermee vernietigen.",
        refreshLink: "Ververs het ontvangstbewijs",
        burnLink: "Vernietig het geheim",
        burnTitle: "Dit geheim vernietigen?",
        burnLead: "Het is dan meteen weg en de link werkt niet meer. Je kunt dit niet terugdraaien.",
        burnPassphraseHint: "De wachtzin die je dit geheim gaf.",
        burnButton: "Vernietig het",
        keepLink: "Bewaar het",
        secretTitle: "Iemand stuurde je een geheim",
        secretLead: "Het kan maar één keer getoond worden. Daarna wordt het van de server gewist.",
        secretOnce: "Zorg dat je een veilige plek hebt om het te bewaren, en toon het als niemand meekijkt.",
        serverLabel: "Bewaard op",
        secretPassphraseHint: "De afzender vertelt je die langs een andere weg dan de link.",
        revealButton: "Toon het geheim",
        revealedTitle: "Hier is je geheim",
        revealedLead: "Het bestaat niet meer op de server, en deze pagina kan niet nog eens getoond worden.",
        revealedLabel: "Het geheim",
        revealedHint: "Kopieer het naar een veilige plek en sluit daarna deze pagina.",
        goneTitle: "Hier is niets meer",
        goneLead: "Een geheim kan één keer gelezen worden. Dit is gelezen, vernietigd of verlopen, "
            + "of de link was nooit volledig: deze pagina ziet er in alle gevallen hetzelfde uit.",
        goneAdvice: "Verwachtte je hier een geheim? Laat de afzender weten dat je het niet kon lezen, "
            + "en vraag om een nieuwe link.",
        notFoundTitle: "Deze pagina bestaat niet",
        notFoundLead: "Dit adres leidt op deze server nergens heen. Misschien is de link afgebroken.",
        malformedTitle: "Dat verzoek was niet te begrijpen",
        malformedLead: "Het formulier kwam onvolledig aan. Er is niets bewaard of getoond. Open de pagina opnieuw.",
        refusedTitle: "Dat verzoek is geweigerd",
        refusedLead: "Het kwam niet van een pagina van deze server, of van een pagina die te lang openstond. "
            + "Er is niets bewaard of getoond. Open de pagina opnieuw.",
        busyTitle: "Even te druk",
        fullTitle: "Op dit moment geen plaats",
        fullLead: "Deze server bewaart zoveel geheimen als hij kan. Het jouwe is niet bewaard. "
            + "Probeer het weer als er andere gelezen of verlopen zijn.",
        tooLargeTitle: "Dat is te groot",
        problemEmptyContent: "Er is nog niets om te delen. Vul je geheim in.",
        problemContentTooLarge: { "Een geheim mag hoogstens \($0) groot zijn. Er is niets bewaard." },
        problemPassphraseRequired: "Deze server deelt geheimen alleen met een wachtzin. "
            + "Vul je geheim opnieuw in, met een wachtzin.",
        problemPassphraseTooShort: {
            "Een wachtzin moet minstens \($0) tekens hebben. Vul je geheim opnieuw in, met een langere."
        },
        problemPassphraseTooLong: {
            "Een wachtzin mag hoogstens \($0) tekens hebben. Vul je geheim opnieuw in, met een kortere."
        },
        problemWrongPassphrase: "Dat is niet de juiste wachtzin.",
        problemWrongPassphraseTriesLeft: {
            $0 == 1
                ? "Dat is niet de juiste wachtzin. Nog één poging: gaat die mis, dan wordt het geheim vernietigd."
                : "Dat is niet de juiste wachtzin. Nog \($0) pogingen."
        },
        problemBusy: { "De server heeft het te druk. Er is niets bewaard of getoond. Probeer het over \($0) weer." },
        seconds: { $0 == 1 ? "1 seconde" : "\($0) seconden" },
        minutes: { $0 == 1 ? "1 minuut" : "\($0) minuten" },
        hours: { "\($0) uur" },
        days: { $0 == 1 ? "1 dag" : "\($0) dagen" },
        bytes: { $0 == 1 ? "1 byte" : "\($0) bytes" },
        both: { "\($0) en \($1)" },
        months: [
            "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober",
            "november", "december",
        ],
        dateAndTime: { "\($0.day) \($1) \($0.year), \($0.clock) UTC" }
    )
}
