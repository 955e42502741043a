dashboard-heading = Overzicht
dashboard-sharings = Wie mijn gegevens gebruikt
dashboard-curve = Mijn curve van de dag
dashboard-meters = Mijn meters
count-active = { $n ->
    [one] lopende toestemming
   *[other] lopende toestemmingen
}
count-ending = { $n ->
    [one] loopt af binnen 30 dagen
   *[other] lopen af binnen 30 dagen
}
count-awaiting = { $n ->
    [one] verzoek wacht op mijn antwoord
   *[other] verzoeken wachten op mijn antwoord
}
count-transfers = { $n ->
    [0] geen overdracht
    [one] { $n } overdracht
   *[other] { $n } overdrachten
}
curve-title = { $meter }, gemiddeld vermogen per interval, { $day }
curve-total = Totaal gemeten: { $energy }.
curve-peak = Hoogste waarde: { $power } om { $time }.
curve-gap = van { $from } tot { $until }
curve-no-gap = Er ontbreekt geen enkel interval.
curve-gaps = Niet gemeten: { $list }.
curve-legend = Een gearceerd vlak is een interval zonder meting.
curve-missing = geen meting
curve-withheld = niet gepubliceerd
curve-no-meter = Er is geen meter aan uw account gekoppeld, dus er is geen curve.
curve-empty = Geen meting voor deze dag. Controleer of de meting aan staat, of kies een andere dag.
curve-table-summary = Dezelfde waarden als tabel
curve-days-label = Dagen van de curve
curve-previous-day = Vorige dag
curve-next-day = Volgende dag
curve-today = Vandaag
meter-label = Meter { $n }
meter-number = Nummer
meter-last-digits = eindigt op { $digits }
meter-gateway = Gateway
meter-last-reading = Laatste meting
meter-no-reading = geen
meter-measuring = Meting
meter-see-curve = De curve bekijken
meters-none = Er is geen meter aan uw account gekoppeld. Schrijf naar het adres onderaan de pagina om er een te koppelen.
measuring-switch-on = De meting aanzetten
measuring-switch-off = De meting uitzetten
measuring-of = , { $meter }
history-heading = Geschiedenis van mijn gegevens
history-intro = Elke ontvangst, elke doorgifte en elke weigering, met het bewijs erbij.
history-none = Nog geen overdracht. Ze verschijnen hier zodra een toestemming loopt.
history-caption = Overdrachten, de nieuwste eerst
erasure-heading = Alles wissen
erasure-intro = U kunt alles laten wissen wat wij over u bewaren. Lees eerst wat dat inhoudt.
erasure-what-happens = Wat er gebeurt
erasure-readings = { $n ->
    [one] De metingen van uw meter worden onleesbaar, ook voor ons.
   *[other] De metingen van uw { $n } meters worden onleesbaar, ook voor ons.
}
erasure-sharings = { $n ->
    [0] Er loopt geen enkele toestemming.
    [one] Uw lopende toestemming eindigt.
   *[other] Uw { $n } lopende toestemmingen eindigen.
}
erasure-recipients = Gegevens die al zijn doorgegeven, blijven bij de ontvangers. Vraag ook aan hen om ze te wissen.
erasure-ledger = Het register houdt regels over die door niets meer met u verbonden zijn. Uw oude bewijzen blijven geldig.
erasure-published = Gemiddelden die al gepubliceerd zijn, veranderen niet. Niemand kan u daarin terugvinden.
erasure-final = Dit is definitief: niemand kan het ongedaan maken.
erasure-confirm = Ik begrijp dat wissen definitief is
erasure-button = Al mijn gegevens wissen
erasure-keep = Niets wissen
erased-heading = Uw gegevens zijn gewist
erased-text = De sleutels van uw gegevens zijn vernietigd. Niemand kan ze nog lezen.
erased-at = Gewist op
erased-record = Regel van het register
erased-keep-receipt = Noteer dit nummer: de regel is openbaar en zegt niets over u. Bewijzen die u al had gedownload, blijven geldig.
recorded-heading = Alles wat over mij is geregistreerd
recorded-intro = Elke gebeurtenis die u betreft, heeft een nummer in het openbare register, zonder gaten. Deze pagina controleert op uw toestel, zonder ons te geloven, of uw lijst volledig is: er is niets verborgen en niets toegevoegd.
recorded-remember = Uw browser onthoudt bij elk bezoek de staat van het register. Zou het register teruggaan of zijn verleden wijzigen, dan toont het volgende bezoek dat.
recorded-no-script = Uw browser voert hier geen script uit: op deze pagina wordt niets gecontroleerd. De bestanden hieronder zijn offline te controleren. Uw overdrachten staan, zonder controle, onder
recorded-check-heading = Controle
recorded-checking = Bezig met controleren…
recorded-verified-first = Volledig: uw %records% registraties, en geen andere, staan in het register van %size% regels. Gecontroleerd in %ms% ms. Dit is uw eerste controle met deze browser.
recorded-verified = Volledig: uw %records% registraties, en geen andere, staan in het register van %size% regels. Gecontroleerd in %ms% ms. Sinds uw vorige bezoek is het register van %before% regels alleen maar gegroeid.
recorded-verified-lost = Volledig, maar niet alles is leesbaar: uw %records% registraties, en geen andere, staan in het register van %size% regels. De details van %lost% van de registraties hier gingen verloren toen wij een back-up terugzetten. Uw toestemmingen zijn toen opgeschort. Gecontroleerd in %ms% ms.
recorded-lost = Detail verloren toen een back-up werd teruggezet
recorded-form = Het bestand is niet goed gevormd. Laad de pagina opnieuw. Gebeurt het nog eens, bewaar dan het bestand en schrijf naar het adres onderaan de pagina.
recorded-numbers = De lijst heeft een gat of een dubbel bij registratie %n%. Bewaar het bestand en schrijf naar uw functionaris voor gegevensbescherming of naar de toezichthoudende autoriteit.
recorded-opened = Registratie %n% zoals wij die tonen, is niet die van het register. Bewaar het bestand en waarschuw uw functionaris voor gegevensbescherming.
recorded-signature = De staat van het register is niet met zijn sleutel ondertekend. Bewaar het bestand en waarschuw uw functionaris voor gegevensbescherming.
recorded-map-root = Het register eindigt niet met de index van al zijn regels. Bewaar het bestand en waarschuw uw functionaris voor gegevensbescherming.
recorded-same-leaf = Twee registraties wijzen naar dezelfde regel van het register. Bewaar het bestand en waarschuw uw functionaris voor gegevensbescherming.
recorded-inclusion = Een registratie die hier staat, staat niet in het register of is daar anders. Bewaar het bestand en waarschuw uw functionaris voor gegevensbescherming.
recorded-map = De lijst is niet volledig: het register bevat meer, of iets anders, dan hier staat. Bewaar het bestand en waarschuw uw functionaris voor gegevensbescherming.
recorded-other-log = Dit is niet het register van uw vorige bezoek: de sleutel is anders. Vraag uw functionaris voor gegevensbescherming waarom.
recorded-rewound = Het register is korter dan bij uw vorige bezoek: het is teruggegaan. Bewaar het bestand en waarschuw de toezichthoudende autoriteit.
recorded-fewer-records = Er zijn minder registraties dan bij uw vorige bezoek. Bewaar het bestand en waarschuw de toezichthoudende autoriteit.
recorded-rewritten = Het verleden van het register is gewijzigd sinds uw vorige bezoek. Bewaar het bestand en waarschuw de toezichthoudende autoriteit.
recorded-browser = Deze browser kan geen handtekeningen controleren (Ed25519). Werk hem bij, of controleer het bestand offline zoals hieronder staat.
recorded-fetch = Het bestand kon niet tot het einde worden gelezen. Controleer de verbinding en laad de pagina opnieuw.
recorded-newest = Uw registraties, getoetst aan het register
recorded-newer = Nieuwere registraties
recorded-older = Oudere registraties
recorded-number = Nummer
recorded-what = Gebeurtenis
recorded-when = Datum
recorded-file-heading = Het bestand
recorded-file = Dezelfde inhoud in één bestand, om te bewaren: al uw registraties, hun bewijzen en de sleutel die ze verbindt.
recorded-download = Al mijn registraties downloaden
recorded-list-file = Alleen het bewijs dat er niets ontbreekt, zonder de inhoud van uw registraties (kleiner):
recorded-download-list = De bewijslijst downloaden
recorded-offline = Zonder deze site, op elke computer:
recorded-secret = Houd dit bestand voor uzelf. Het bevat de details van uw overdrachten en de sleutel waarmee uw regels in het register te herkennen zijn.
recorded-limits = Deze controle zegt niet of anderen hetzelfde register zien als u: vergelijk met hen de openbare staat van het register (/ledger/checkpoint). Ze zegt ook niet of er iets is gebeurd zonder registratie. Vergelijk daarvoor met de tellingen van bronnen en ontvangers.
history-delivered = En de gepubliceerde gemiddelden waarin u meetelt?
delivered-heading = Wat er over mij is geleverd
delivered-intro = De gemiddelden die aan onderzoekers zijn geleverd en waarin uw huishouden meetelt.
delivered-list = Elke levering bevat een verzegelde lijst: één rij per huishouden, die alleen dat huishouden kan openen. Deze pagina opent de uwe op uw toestel. Ze controleert, zonder ons te geloven, wat de rij zegt en of ze in de geleverde lijst staat.
delivered-none = U telt in geen enkele levering mee.
delivered-at = Geleverd op
delivered-fields = Gegevens
delivered-period = Periode
delivered-homes = Huishoudens in de levering
delivered-download = Mijn rij downloaden
field-energy-withdrawn = afgenomen energie
delivered-verified = Gecontroleerd: één rij van de levering is de uwe. Ze zegt alleen deze gegevens en deze periode. De lijst heeft %rows% rijen, en haar vingerafdruk is regel %index% van het register.
delivered-form = Het bestand van uw rij is niet goed gevormd. Laad de pagina opnieuw. Gebeurt het nog eens, bewaar dan het bestand en schrijf naar het adres onderaan de pagina.
delivered-row = Uw rij staat niet in de geleverde lijst. Bewaar het bestand en waarschuw uw functionaris voor gegevensbescherming.
delivered-other-subject = De getoonde rij is niet de uwe. Bewaar het bestand en waarschuw uw functionaris voor gegevensbescherming.
delivered-other-scope = Uw rij zegt andere gegevens of een andere periode dan deze pagina. Bewaar het bestand en waarschuw uw functionaris voor gegevensbescherming.
delivered-record = De registratie van deze levering wijst niet naar dezelfde lijst als uw rij. Bewaar beide bestanden en waarschuw uw functionaris voor gegevensbescherming.
delivered-inclusion = De vingerafdruk van de lijst staat niet in het register. Bewaar het bestand en waarschuw uw functionaris voor gegevensbescherming.
delivered-signature = De staat van het register is niet met zijn sleutel ondertekend. Bewaar het bestand en waarschuw uw functionaris voor gegevensbescherming.
delivered-other-log = De sleutel van het register is niet die welke deze browser heeft gezien. Open de pagina “Registraties”, die ondertekende wijzigingen van de sleutel volgt. Weigert ook die, vraag dan uw functionaris voor gegevensbescherming waarom.
delivered-browser = Deze browser kan geen handtekeningen controleren (Ed25519). Werk hem bij, of controleer het bestand offline zoals hieronder staat.
delivered-fetch = Het bestand kon niet worden gelezen. Controleer de verbinding en laad de pagina opnieuw.
delivered-offline-heading = Zonder deze site
delivered-offline = Op elke computer, met uw rij en het bewijs van de registratie:
delivered-secret = Houd deze bestanden voor uzelf: ze maken uw rij in de geleverde lijst herkenbaar. Wist u uw gegevens, dan opent niets hier uw rij nog.
delivered-limits = Deze controle zegt niet of het gemiddelde met deze huishoudens, en alleen deze, is berekend. Ze zegt ook niet of andere gegevens zonder registratie zijn vertrokken. Een rij te veel valt alleen op in de hele lijst. Die hebben de onderzoeker en de functionaris voor gegevensbescherming.
