// The form that takes a secret.
import HTTPServer
import Pages
import Testing

@Suite struct FormTests {
    @Test func theFormHasItsFieldsAndKeepsTheLifetime() throws {
        let page = try render {
            Page.createForm(&$0, Sample.context(), Sample.policy, chosenLifetime: 86_400, problem: .emptyContent)
        }
        #expect(page.status == 422)
        #expect(page.body.contains("<form class=\"card\" id=\"create\" method=\"post\" action=\"/\""))
        #expect(page.body.contains("name=\"form_token\" value=\"proof\""))
        #expect(page.body.contains("<option value=\"86400\" selected>1 day</option>"))
        #expect(page.body.matches(of: /\ selected/).count == 1)
        #expect(page.body.contains("role=\"alert\""))
        let conceal = try #require(page.body.firstRange(of: "value=\"conceal\""))
        let generate = try #require(page.body.firstRange(of: "value=\"generate\" formnovalidate"))
        #expect(conceal.lowerBound < generate.lowerBound)
    }

    @Test func noButtonGoesBeforeTheScriptThatSeals() throws {
        let body = try render { Page.createForm(&$0, Sample.context(), Sample.policy) }.body
        let form = try #require(body.firstRange(of: "<form"))
        let buttons = body[form.lowerBound...].matches(of: /(<noscript>)?<button( disabled)?/)
        #expect(buttons.count == 4)
        // Without scripts Enter presses the first one of the form, which has to be one that goes. The last one waits for the script
        // with all that is folded away, and the third for the words before it, which come when the script does not.
        #expect(buttons.map { $0.output.1 != nil } == [true, false, false, false])
        #expect(buttons.map { $0.output.2 != nil } == [false, true, false, false])
        let way = try #require(body.firstMatch(of: /<div id="unscripted">\n<p class="caution">([^<]*)<\/p>\n<button/))
        #expect(way.range.upperBound == buttons[2].range.upperBound)
        #expect(way.output.1 == "Without JavaScript your browser cannot seal it: the server does.")
    }

    @Test func theScriptLearnsHowLongAPasswordIs() throws {
        let policy = FormPolicy(lifetimes: [], defaultLifetime: 60, contentLimit: 1, generatedLength: 31)
        let page = try render { Page.createForm(&$0, Sample.context(), policy) }
        #expect(page.body.contains(" data-password-length=\"31\""))
    }

    @Test func aLifetimeThatIsNotOfferedSelectsTheDefault() throws {
        for lifetime in [nil, -1, 7, Int.max] {
            let page = try render { Page.createForm(&$0, Sample.context(), Sample.policy, chosenLifetime: lifetime) }
            #expect(page.status == 200)
            #expect(page.body.contains("<option value=\"3600\" selected>"))
        }
    }

    @Test func theDefaultLifetimeIsAlwaysOffered() {
        let policy = FormPolicy(lifetimes: [86_400, 60, 60], defaultLifetime: 90, contentLimit: 1)
        #expect(policy.lifetimes == [60, 90, 86_400])
    }

    @Test func rulesStayAsTheyWereTypedAndTheWrongOneIsMarked() throws {
        let policy = FormPolicy(lifetimes: [], defaultLifetime: 60, contentLimit: 1, tellsCountries: true)
        let page = try render {
            Page.createForm(
                &$0, Sample.context(), policy, rules: Sample.rules,
                problem: .malformedRule(.allowNetworks, wrong: "10.0.0.0/33", isKept: true))
        }
        #expect(page.status == 422)
        #expect(page.body.contains("<details open>"))
        #expect(page.body.contains(" value=\"2026-02-28T17:44\""))
        for rule in RuleTexts.rules {
            let typed = "value=\"&#34;&gt;&lt;b id=&#39;\(rule.name)&#39;&gt;\""
            #expect(page.body.contains(typed), "\(rule)")
        }
        #expect(page.body.matches(of: /aria-invalid/).count == 1)
        #expect(page.body.firstRange(of: /name="allow_networks"[^>]* aria-invalid="true"/) != nil)
        #expect(page.body.contains("\u{2068}10.0.0.0/33\u{2069}"))
    }

    @Test func countriesAreAskedForOnlyWhereTheyCanBeTold() throws {
        for tellsCountries in [false, true] {
            let policy = FormPolicy(
                lifetimes: [], defaultLifetime: 60, contentLimit: 1, tellsCountries: tellsCountries)
            let page = try render { Page.createForm(&$0, Sample.context(), policy) }
            #expect(page.body.contains("name=\"allow_networks\""))
            #expect(page.body.contains("name=\"allow_countries\"") == tellsCountries)
            #expect(page.body.contains("name=\"deny_countries\"") == tellsCountries)
        }
    }

    @Test func aRequiredPassphraseIsAskedForAtOnce() throws {
        let policy = FormPolicy(lifetimes: [], defaultLifetime: 60, contentLimit: 1, isPassphraseRequired: true)
        let page = try render { Page.createForm(&$0, Sample.context(), policy) }
        #expect(page.body.contains("<details open>"))
        #expect(page.body.firstRange(of: /name="passphrase"[^>]* required minlength="4"/) != nil)
    }

    @Test func aBusyServerSaysWhenToComeBack() throws {
        let form = try render { Page.createForm(&$0, Sample.context(), Sample.policy, problem: .busy(retryAfter: 120)) }
        #expect(form.status == 429)
        #expect(form.field("Retry-After") == "120")
        #expect(form.body.contains("2 minutes"))
        let notice = try render { Page.notice(&$0, Sample.context(), .busy(retryAfter: 5)) }
        #expect(notice.status == 429)
        #expect(notice.field("Retry-After") == "5")
    }

    @Test func anOpenConnectionIsMentioned() throws {
        let open = try render { Page.createForm(&$0, Sample.context(isSecure: false), Sample.policy) }
        let closed = try render { Page.createForm(&$0, Sample.context(), Sample.policy) }
        let notice = "<p class=\"caution\">This page did not come over an encrypted connection"
        #expect(open.body.contains(notice))
        #expect(!closed.body.contains(notice))
    }
}
