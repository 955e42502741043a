catalogue-heading = Catalogus van datasets
catalogue-intro = Wat er bestaat, hoe gedetailleerd, en wie beslist. Niemand kan er een huishouden in terugvinden.
catalogue-none = Nog geen dataset. Kom terug wanneer huishoudens hebben toegestemd.
back-to-catalogue = Terug naar de catalogus
dataset-heading-plain = Een dataset
dataset-what = Inhoud
dataset-households = Huishoudens
dataset-households-at-least = minstens { $households } stemmen toe
dataset-households-below = minder dan { $households } stemmen toe
dataset-households-needed = { $needed } nodig
dataset-too-few = Te weinig voor een levering vandaag.
dataset-purpose = Gebruik waarvoor de huishoudens toestemden
dataset-terms = Voorwaarden
dataset-decided-by = Beslissing
dataset-households-unknown = aantal niet gepubliceerd: vandaag geldt geen regel
dataset-no-days = nog geen volledige dag
dataset-officer-of = Functionaris voor gegevensbescherming van { $name }
dataset-preview = Voorbeeld
dataset-ask = Deze dataset aanvragen
dataset-justification = Waarom deze gegevens nodig zijn
dataset-justification-hint = Enkele zinnen volstaan: de vraag die u onderzoekt, en waarom dit detail en deze periode. Schrijf er geen naam van een deelnemer in.
dataset-from = Eerste gewenste dag
dataset-until = Laatste gewenste dag
dataset-ask-next = Gegevensbescherming leest uw aanvraag. Het antwoord en de reden verschijnen onder “Mijn aanvragen”.
dataset-send = De aanvraag versturen
dataset-other-role = Alleen een onderzoeksteam kan deze dataset aanvragen.
dataset-sign-in-first = Meld u aan als onderzoeksteam om deze dataset aan te vragen.
to-sign-in = Naar het aanmelden
mean-curve-title = { $households ->
    [one] Gemiddelde curve van { $households } huishouden
   *[other] Gemiddelde curve van { $households } huishoudens
}
mean-curve-description = Gemiddeld vermogen per huishouden, van { $from } tot en met { $until }.
mean-curve-legend = Een gearceerd vlak is een interval dat niet is gepubliceerd.
requests-heading = Mijn aanvragen
requests-none = U hebt geen aanvraag gedaan.
request-awaiting-officer = Wacht op een beslissing
request-awaiting-officer-means = De functionaris voor gegevensbescherming is aan zet.
request-preparing = Goedgekeurd, in voorbereiding
request-preparing-means = Fiducie is aan zet om de levering voor te bereiden. Kom zo meteen terug.
request-withheld = Goedgekeurd, vandaag niet leverbaar
request-withheld-means = De publicatieregels laten de levering niet toe. De aanvraag blijft goedgekeurd.
request-remedies = Wat de levering mogelijk zou maken
request-released = Geleverd
request-released-means = U bent aan zet: download de levering en controleer het bewijs.
request-refused = Geweigerd
request-refused-means = De aanvraag is gesloten. U kunt een andere doen.
request-turn = Volgende stap
request-sent = Verstuurd op
request-period = Gevraagde periode
request-released-at = Geleverd op
request-refused-at = Geweigerd op
request-reason = Reden
request-households = { $n ->
    [one] gemiddelde van { $n } huishouden
   *[other] gemiddelde van { $n } huishoudens
}
request-download = De verzegelde levering downloaden
request-open = Open ze met uw sleutel, leg het bewijs ernaast onder de naam “evidence.json” en controleer dan de map:
withheld-periods-add-up = Samen met de eerdere publicaties van deze huishoudens zou een te lange tijd worden getoond voor hun aantal.
manifest-leaf = Plaats van het manifest in het register
manifest-explained = disclosure-manifest.json heeft één verzegelde rij per geteld huishouden. Controleer of het de lijst is waarnaar het register wijst:
