nav-projects = Onderzoeksprojecten
nav-summaries = Jaaroverzicht
nav-breaches = Incidentmeldingen
nav-breach-register = Inbreuken
nav-unusual = Ongewoon gebruik
desk-breaches = Het register van inbreuken, en meldingen aan personen
desk-unusual = Dagen waarop veel meer dan gewoonlijk werd verzonden
desk-objections = { $n ->
    [one] Eén persoon maakt bezwaar tegen dit project: het wordt zonder deze woning gemaakt.
   *[other] { $n } personen maken bezwaar tegen dit project: het wordt zonder hun woningen gemaakt.
}
record-breach = Melding van een incident
record-objection = Bezwaar tegen een onderzoeksproject
next-title = De volgende toegang
next-barred = Er kan nu geen toegang komen: deze deling is beëindigd, onderbroken of wacht op uw antwoord.
next-unknown = Wij kunnen niet zeggen wanneer de volgende toegang komt: er waren er te weinig, of ze komen zonder ritme.
next-expected = Rond { $at }: tot nu toe was er ongeveer { $every } een. Dit is berekend uit de vorige keren en is geen belofte.
next-missed = Er werd er een verwacht rond { $at }, en die kwam niet: tot nu toe was er ongeveer { $every } een. Wij kunnen niet zeggen wanneer de volgende komt.
every-minutes = { $n ->
    [one] elke minuut
   *[other] om de { $n } minuten
}
every-hours = { $n ->
    [one] elk uur
   *[other] om de { $n } uur
}
every-days = { $n ->
    [one] elke dag
   *[other] om de { $n } dagen
}
unusual-title = Ongewoon gebruik
unusual-mark = ongewoon
unusual-transfers = { $found } verzendingen op deze dag; gewoonlijk { $usual }.
unusual-span = { $found } dagen gegevens in één verzending; gewoonlijk { $usual }.
unusual-what = Ongewoon is niet verboden: alles blijft binnen wat u hebt aanvaard. Wilt u het niet, onderbreek, beperk of trek dan in.
unusual-heading = Ongewoon gebruik
unusual-desk-intro = Dagen waarop onder een deling veel meer werd verzonden dan gewoonlijk. De personen zijn verwittigd. Gewoon is de mediaan van de weken ervoor; de drempels staan in de configuratie.
unusual-desk-none = Er is niets ongewoons opgemerkt.
unusual-desk-caption = Ongewoon gebruik, het nieuwste eerst
unusual-day = Dag
unusual-found = Wat ongewoon was
unusual-noticed = opgemerkt
sharing-projects = Onderzoeksprojecten, en hoe u tegen één ervan bezwaar maakt
projects-heading = Onderzoeksprojecten
projects-intro = De projecten die wat u deelt voor onderzoek gebruiken, of kunnen gebruiken. U kunt tegen één ervan bezwaar maken zonder uw deling te beëindigen.
projects-none = Geen project gebruikt wat u deelt, en geen heeft erom gevraagd.
projects-catalogue = Zien wat onderzoekers kunnen vragen
projects-period = Gevraagde dagen
projects-standing = Hoe het ervoor staat
projects-not-released = Er is nog niets voor geleverd.
projects-with-her = Geleverd op { $at }; uw woning is een van die waaruit het is gemaakt.
projects-without-her = Geleverd op { $at }, zonder uw woning.
projects-object = Bezwaar maken tegen dit project
projects-object-means = Vanaf nu wordt voor dit project niets uit uw metingen gemaakt. Uw deling gaat voor de andere door. Wat eerder geleverd is blijft: het toont groepen woningen, nooit één.
projects-objected = u hebt bezwaar gemaakt
projects-objected-means = Voor dit project wordt niets uit uw metingen gemaakt.
incidents-heading = Incidentmeldingen
incidents-intro = Beveiligingsincidenten die uw gegevens betreffen: wat er gebeurd is, wat het gevolg kan zijn, wat er gedaan is en tot wie u zich kunt wenden.
incidents-none = Er is geen melding voor u.
incidents-history = Zien wie uw gegevens ontving
incidents-notice = Melding van
incidents-known = Wij vernamen het op
incidents-contact = Tot wie u zich kunt wenden
summaries-heading = Jaaroverzicht
summaries-intro = Een overzicht zegt op één pagina met wie u een jaar lang deelde, hoe vaak, wat veranderde en wat eindigde. Het bevat geen metingen.
summaries-now = Een overzicht van de laatste twaalf maanden maken
summaries-yearly-means = U kunt er elk jaar een laten maken. Een bericht zegt u wanneer het klaar is.
summaries-yearly = Elk jaar
summaries-next = Het volgende wordt gemaakt op
summaries-no-more = Geen jaarlijkse overzichten meer
summaries-made = Uw overzichten
summaries-none = Er is er nog geen gemaakt. Maak er hierboven een.
summaries-open = Van
summaries-back = Alle overzichten
summary-heading = Overzicht van { $from } tot { $until }
summary-intro = Met wie u deelde, hoe vaak, wat dit jaar veranderde en wat eindigde, zoals het vandaag bekend is. Geen metingen.
summary-pdf = Als pdf meenemen
summary-sharings = Uw delingen
summary-no-sharings = U deelde dit jaar niets.
summary-research = Onderzoek
summary-releases = { $n ->
    [0] Er is geen resultaat voor onderzoekers gemaakt met uw woning.
    [one] Er is één resultaat voor onderzoekers gemaakt met uw woning onder vele.
   *[other] Er zijn { $n } resultaten voor onderzoekers gemaakt met uw woning onder vele.
}
summary-requests = Uw verzoeken
summary-no-requests = U deed geen verzoek over uw rechten.
summary-incidents = Incidenten
summary-breaches = { $n ->
    [0] Geen beveiligingsincident betrof uw gegevens.
    [one] Eén beveiligingsincident betrof uw gegevens: lees de melding.
   *[other] { $n } beveiligingsincidenten betroffen uw gegevens: lees de meldingen.
}
summary-now = Nu: { $state }
summary-file = De delingen van dit overzicht als tabel (CSV)
notice-summary-made = Uw overzicht is klaar. Het staat in de lijst hieronder.
notice-summary-wished = Uw wens is bewaard.
notice-objected = Uw bezwaar is ingeschreven in het register. Voor dit project wordt niets uit uw metingen gemaakt.
notice-breach-saved = Het register is bijgewerkt.
notice-breach-telling = De personen worden een voor een verwittigd. Deze pagina zegt hoeveel het er al zijn.
notice-erasure-handled = Afgehandeld: deze regel is van de lijst.
untold-title = Wissingen waarvan ontvangers niet verwittigd zijn
untold-none = Elke ontvanger is van elke wissing verwittigd, of wordt het nu.
untold-intro = Deze ontvangers namen al meer dan een dag niet aan wat hun werd gezegd, noch langs hun technische adres noch per brief. Schrijf of bel, geef hun de machtiging, en zeg dan dat het afgehandeld is: niemand anders weet nog om wie het gaat.
untold-authorisation = Machtiging, zoals de ontvanger ze kent:
untold-erased = Gewist rond
untold-attempts = { $n ->
    [one] één poging
   *[other] { $n } pogingen
}
untold-given-up = opgegeven
untold-handled = Dit is afgehandeld
field-breach-nature = Kies er minstens één: vertrouwelijkheid, integriteit of beschikbaarheid
field-breach-subject = Geef de organisatie, of de identificatie van de deling of de gateway
field-breach-date = Deze datum kan niet: ze ligt vooruit, of voor de inbreuk bekend was
field-late-reason = De 72 uur waren voorbij: zeg waarom
breaches-heading = Register van inbreuken
breaches-intro = Elke inbreuk op persoonsgegevens, gemeld of niet. De autoriteit wordt verwittigd binnen 72 uur nadat u ervan weet, tenzij er nauwelijks risico is.
breaches-none = Er staat geen inbreuk in het register. Schrijf er een in zodra u ervan weet: vanaf dan loopt de klok.
breaches-caption = Inbreuken, de nieuwste eerst
breach-new = Een inbreuk inschrijven
breach-new-intro = Schrijf wat nu bekend is. De rest kan volgen, zolang de personen niet verwittigd zijn.
breach-heading = Een inbreuk
breach-back = Het register
breach-known = Bekend sinds
breach-what = Wat er gebeurd is
breach-authority = De autoriteit
breach-people = De betrokken personen
breach-due = Te verwittigen voor
breach-concerned = Wie betrokken is
breach-recorded = Ingeschreven
breach-written = Wat het register zegt
breach-confidentiality = vertrouwelijkheid: iemand zag wat niet voor hem was
breach-integrity = integriteit: iets is gewijzigd
breach-availability = beschikbaarheid: iets is verloren of onbereikbaar
breach-negligible = verwaarloosbaar
breach-limited = beperkt
breach-important = aanzienlijk
breach-maximal = maximaal
breach-all = iedereen
breach-recipient = de personen van wie een organisatie iets ontving
breach-consent = de persoon van een deling
breach-gateway = de persoon van een gateway
breach-erased = één persoon, sindsdien gewist
breach-hours-left = { $n ->
    [one] nog één uur
   *[other] nog { $n } uur
}
breach-hours-over = de 72 uur zijn voorbij
breach-told-authority = verwittigd op { $at }, kenmerk { $reference }
breach-late-reason = Waarom zo laat:
breach-authority-how = Verwittig de autoriteit met haar eigen formulier en noteer het dan hier. Na de 72 uur is de reden van de vertraging nodig.
breach-authority-date = De dag waarop de autoriteit verwittigd werd
breach-authority-reference = Haar kenmerk
breach-authority-late = Waarom zo laat (alleen na de 72 uur)
breach-authority-save = De autoriteit is verwittigd
breach-people-undecided = Er is nog niet beslist of zij verwittigd worden.
breach-people-since = Worden verwittigd sinds { $at }.
breach-people-told = Tot nu toe verwittigd: { $told } van { $people }.
breach-without-address = { $n ->
    [0] Allen hebben een adres voor berichten.
    [one] Eén van hen heeft geen adres voor berichten en verneemt het bij het aanmelden: schrijf een brief.
   *[other] { $n } van hen hebben geen adres voor berichten en vernemen het bij het aanmelden: schrijf brieven.
}
breach-people-not = Zij worden niet verwittigd: { $reason }
breach-people-despite = Eerst werden zij niet verwittigd: { $reason }
breach-look = De meldingen nalezen voor ze vertrekken
breach-untold-why = Of: de personen worden niet verwittigd, omdat
breach-untold-hint = De gegevens waren versleuteld, het risico is voorbij, of een openbare melding komt in de plaats. Het register bewaart uw reden.
breach-untold-save = De personen niet verwittigen
breach-save = Dit in het register bewaren
breach-field-known = De dag waarop u ervan wist
breach-field-known-hint = De klok van 72 uur begint dan, wat de kalender ook zegt.
breach-field-time = Het uur
breach-field-nature = Wat geschonden is
breach-field-severity = Hoe ernstig het is voor personen
breach-field-concerned = Wie betrokken is
breach-field-organisation = De organisatie
breach-field-none = Kiezen
breach-field-subject = Identificatie van de deling of van de gateway
breach-field-span = Wanneer gegevens geraakt zijn (facultatief)
breach-field-from = Van
breach-field-until = Tot
breach-field-faits = Wat er gebeurd is
breach-field-donnees = Welke soorten gegevens
breach-field-consequences = Wat het gevolg kan zijn voor personen
breach-field-mesures = Wat gedaan is en gedaan zal worden
breach-field-contact = Tot wie personen zich wenden
breach-field-texte-fr = De melding aan personen, in het Frans
breach-field-texte-en = De melding aan personen, in het Engels
breach-field-texte-nl = De melding aan personen, in het Nederlands
breach-field-nobody = Noem niemand: deze teksten blijven wanneer iemand gewist wordt. Een melding zegt in gewone woorden wat er gebeurd is, wat het gevolg kan zijn, wat gedaan is, wat de persoon kan doen en tot wie men zich wendt.
breach-preview = Voor de personen verwittigd worden
breach-preview-back = Terug naar de inbreuk
breach-preview-people = { $n ->
    [0] Niemand is betrokken.
    [one] Eén persoon wordt verwittigd.
   *[other] { $n } personen worden verwittigd.
}
breach-not-ready = Eerst zijn de soorten gegevens, de gevolgen, de maatregelen en de melding in drie talen nodig.
breach-complete = Aanvullen
breach-nobody = Kijk na wie betrokken is.
breach-send-means = Dit kan niet ongedaan gemaakt worden. Elke persoon krijgt de melding in haar taal, na aanmelding, een bericht zonder details en een inschrijving in het register.
breach-send = { $n ->
    [one] Deze persoon verwittigen
   *[other] Deze { $n } personen verwittigen
}
