nav-data = Mijn gegevens
data-heading = Mijn gegevens
data-intro = Alles wat uw meters ons hebben gestuurd en wat wij bewaren, voor u alleen.
data-meters-label = Een meter kiezen
data-kinds-label = Kiezen hoeveel tijd u ziet
data-periods-label = Perioden ervoor en erna
period-day = Dag
period-month = Maand
period-year = Jaar
data-title = { $meter }, verbruikte energie, { $period }
data-peak = Het hoogst: { $energy }, { $when }.
data-no-gap = Er ontbreekt niets volledig.
data-gaps-days = { $n ->
    [one] Van één dag is er geen enkele meting.
   *[other] Van { $n } dagen is er geen enkele meting.
}
data-gaps-months = { $n ->
    [one] Van één maand is er geen enkele meting.
   *[other] Van { $n } maanden is er geen enkele meting.
}
data-legend = Een gearceerd vlak heeft geen metingen; een balk met een onderbroken rand is maar voor een deel gemeten.
data-empty = Geen metingen voor deze periode. Kijk op het overzicht of het meten aan staat, of kies een andere periode.
data-whole = alles is gemeten
data-part-day = { $known } halve uren van de { $of }
data-part-month = { $known } hele dagen van de { $of }
data-go-to = Naar een datum gaan
data-show = Tonen
column-period = Periode
column-measured = Gemeten
curve-more = Per dag, maand of jaar, en kopieën om te downloaden
data-copy-heading = Een kopie meenemen
data-copy-intro = De kopie bevat wat wij van deze meter bewaren. U mag ze houden, elders openen of geven aan wie u wilt.
data-copy-span = Welke periode?
data-copy-everything = Alles, vanaf het begin
data-copy-content = Welke waarden?
data-copy-curve = De energie van elk halfuur
data-copy-readings = Elke meterstand, zoals hij is
data-copy-form = In welk formaat?
data-form-csv = CSV, voor een rekenblad
data-form-json = JSON, voor een programma
data-form-parquet = Parquet, voor data-analyse
data-copy-button = De kopie downloaden
data-trace-heading = Het spoor van uw bezoeken
data-trace = Als u uw metingen bekijkt of een kopie neemt, staat dat in uw lijst, hoogstens één keer per dag. Een bezoek dat niet van u was, valt dan op.
data-trace-link = Mijn lijst bekijken
filter-paused = Gepauzeerd
narrow-organisation = Per organisatie
narrow-compteur = Per meter
narrow-finalite = Per doel
narrow-all = Alles
narrow-by = Filteren op organisatie, meter of doel
narrow-show = Filteren
narrow-none = Geen delen past bij deze keuze.
narrow-show-all = Alles tonen
sharings-none-paused = Er is niets gepauzeerd. Een pauze stopt de overdrachten zonder het akkoord te beëindigen.
sharing-onward = Onderzoek dat deze gegevens gebruikte
sharing-no-onward = Geen onderzoek heeft ze gebruikt.
sharing-onward-intro = Anonieme resultaten zijn aan deze projecten gegeven.
sharing-onward-link = Mijn deel nagaan
sharing-transfers-file = Deze lijst van overdrachten downloaden (CSV)
