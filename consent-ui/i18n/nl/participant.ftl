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
recorded-check-heading = Controle
recorded-checking = Bezig met controleren…
recorded-verified-first = Volledig: uw %records% registraties, en geen andere, staan in het register van %size% regels. Gecontroleerd in %ms% ms. Dit is uw eerste controle met deze browser.
recorded-verified = Volledig: uw %records% registraties, en geen andere, staan in het register van %size% regels. Gecontroleerd in %ms% ms. Sinds uw vorige bezoek is het register van %before% regels alleen maar gegroeid.
recorded-lost-one = 1 van uw %records% registraties is niet meer te lezen: het detail ging verloren toen wij een back-up terugzetten (%days%). Het register zegt dat aan iedereen (regel %entries%). Het bewijst nog dat de gebeurtenis plaatsvond, op welk uur en van welke soort; wat de registratie zei, hebben wij nergens meer. Wat u kunt doen:
recorded-lost-many = %lost% van uw %records% registraties zijn niet meer te lezen: hun details gingen verloren toen wij een back-up terugzetten (%days%). Het register zegt dat aan iedereen (regel %entries%). Het bewijst nog dat deze gebeurtenissen plaatsvonden, op welk uur en van welke soort; wat de registraties zeiden, hebben wij nergens meer. Wat u kunt doen:
recorded-lost-sharings = Uw toestemmingen zijn toen opgeschort. Bekijk welke weer moeten gelden:
recorded-lost-file = Een bestand met uw registraties dat u vóór het verlies hebt gedownload, bevat ze nog: bewaar het, het is nog altijd te controleren.
recorded-lost-ask = Wilt u weten wat er toen is verzonden, vraag het dan aan de ontvangers van uw gegevens, die hun eigen sporen bewaren, of aan de functionaris voor gegevensbescherming (adres onderaan de pagina).
recorded-lost = Detail verloren toen een back-up werd teruggezet
recorded-form = Het bestand is niet goed gevormd. Laad de pagina opnieuw. Gebeurt het nog eens, bewaar dan het bestand en schrijf naar het adres onderaan de pagina.
recorded-numbers = De lijst heeft een gat of een dubbel bij registratie %n%. Bewaar het bestand en schrijf naar uw functionaris voor gegevensbescherming of naar de toezichthoudende autoriteit.
recorded-opened = Registratie %n% zoals wij die tonen, is niet die van het register. Bewaar het bestand en waarschuw uw functionaris voor gegevensbescherming.
recorded-withheld = Registratie %n% krijgt u zonder inhoud, alsof die bij een terugzetting verloren ging; maar het register kent geen terugzetting waarbij dat gebeurde. De inhoud wordt u onthouden. Bewaar het bestand en waarschuw de toezichthoudende autoriteit.
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
recorded-told-heading = Uw registraties, zoals wij ze zeggen
recorded-told = Niets in deze lijst is door uw browser gecontroleerd: het is ons woord, en er kan een registratie ontbreken. Sta het script van deze pagina toe om te controleren, of download het bestand hieronder en controleer het offline.
recorded-told-none = Er is nog niets geregistreerd.
recorded-told-caption = Uw registraties, niet gecontroleerd, de nieuwste eerst
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
delivered-list = Elke levering bevat een verzegelde lijst: één rij per huishouden, die alleen dat huishouden kan openen. Deze pagina controleert eerst uw lijst van registraties. Dan opent ze uw rij op uw toestel en controleert, zonder ons te geloven, wat de rij zegt, of ze in de geleverde lijst staat en of uw registratie die lijst noemt.
delivered-no-script = Uw browser voert hier geen script uit: hij controleert niets op deze pagina. Wat volgt, is wat wij zeggen; uw rijen zijn offline te controleren, zoals hieronder staat.
delivered-check-heading = Controle van uw lijst
delivered-none = U telt in geen enkele levering mee.
delivered-at = Geleverd op
delivered-fields = Gegevens
delivered-period = Periode
delivered-homes = Huishoudens in de levering
delivered-download = Mijn rij downloaden
field-energy-withdrawn = afgenomen energie
delivered-verified = Gecontroleerd: één rij van de levering is de uwe, en het is de levering van registratie %n% in uw lijst. De rij zegt alleen deze gegevens en deze periode. De geleverde lijst heeft %rows% rijen, en haar vingerafdruk is regel %index% van het register, hetzelfde als dat van uw lijst.
delivered-form = Het bestand van uw rij is niet goed gevormd. Laad de pagina opnieuw. Gebeurt het nog eens, bewaar dan het bestand en schrijf naar het adres onderaan de pagina.
delivered-row = Uw rij staat niet in de geleverde lijst. Bewaar het bestand en waarschuw uw functionaris voor gegevensbescherming.
delivered-other-subject = De getoonde rij is niet de uwe. Bewaar het bestand en waarschuw uw functionaris voor gegevensbescherming.
delivered-other-scope = Uw rij zegt andere gegevens of een andere periode dan deze pagina. Bewaar het bestand en waarschuw uw functionaris voor gegevensbescherming.
delivered-record = De registratie van deze levering wijst niet naar dezelfde lijst als uw rij. Bewaar beide bestanden en waarschuw uw functionaris voor gegevensbescherming.
delivered-not-listed = De registratie van deze levering is niet die met haar nummer in uw lijst. Bewaar het bestand en waarschuw uw functionaris voor gegevensbescherming.
delivered-rewritten = Uw rij en uw lijst komen niet uit één register: het ene is niet uit het andere gegroeid. Bewaar beide bestanden en waarschuw de toezichthoudende autoriteit.
delivered-unchecked = Niet gecontroleerd: uw lijst van registraties is geweigerd (zie hierboven), en een rij is alleen daaraan te toetsen.
delivered-inclusion = De vingerafdruk van de lijst staat niet in het register. Bewaar het bestand en waarschuw uw functionaris voor gegevensbescherming.
delivered-signature = De staat van het register is niet met zijn sleutel ondertekend. Bewaar het bestand en waarschuw uw functionaris voor gegevensbescherming.
delivered-other-log = Deze rij komt uit een ander register dan uw lijst, of onder een andere sleutel. Bewaar het bestand en vraag uw functionaris voor gegevensbescherming waarom.
delivered-browser = Deze browser kan geen handtekeningen controleren (Ed25519). Werk hem bij, of controleer het bestand offline zoals hieronder staat.
delivered-fetch = Het bestand kon niet worden gelezen. Controleer de verbinding en laad de pagina opnieuw.
delivered-offline-heading = Zonder deze site
delivered-offline = Op elke computer, met uw rij en het bewijs van de registratie:
delivered-secret = Houd deze bestanden voor uzelf: ze maken uw rij in de geleverde lijst herkenbaar. Wist u uw gegevens, dan opent niets hier uw rij nog.
delivered-limits = Deze controle vergelijkt elke rij hier met uw lijst van registraties en met het register dat deze browser heeft onthouden; bij een eerste bezoek heeft hij nog niets onthouden. Ze zegt niet of er op deze pagina een levering ontbreekt: uw lijst van registraties telt ze alle (“Gemiddelde geleverd aan onderzoekers”). Ze controleert de handtekening van de registratie zelf niet: het commando hierboven doet dat. Ze zegt niet of het gemiddelde met deze huishoudens, en alleen deze, is berekend, en ook niet of andere gegevens zonder registratie zijn vertrokken. Een rij te veel valt alleen op in de hele lijst. Die hebben de onderzoeker en de functionaris voor gegevensbescherming.
