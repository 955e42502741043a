nav-data = Mes données
data-heading = Mes données
data-intro = Tout ce que vos compteurs nous ont envoyé et que nous gardons, pour vous seul.
data-meters-label = Choisir un compteur
data-kinds-label = Choisir la durée affichée
data-periods-label = Périodes voisines
period-day = Jour
period-month = Mois
period-year = Année
data-title = { $meter }, énergie consommée, { $period }
data-peak = Le plus haut : { $energy }, { $when }.
data-no-gap = Rien ne manque tout à fait.
data-gaps-days = { $n ->
    [one] Un jour est sans aucune mesure.
   *[other] { $n } jours sont sans aucune mesure.
}
data-gaps-months = { $n ->
    [one] Un mois est sans aucune mesure.
   *[other] { $n } mois sont sans aucune mesure.
}
data-legend = Une zone hachurée est sans mesure ; une barre au bord interrompu n'est mesurée qu'en partie.
data-empty = Aucune mesure pour cette période. Vérifiez que la mesure est activée sur le tableau de bord, ou choisissez une autre période.
data-whole = tout est mesuré
data-part-day = { $known } demi-heures sur { $of }
data-part-month = { $known } jours entiers sur { $of }
data-go-to = Aller à une date
data-show = Afficher
column-period = Période
column-measured = Mesure
curve-more = Par jour, mois ou année, et copies à télécharger
data-copy-heading = Emporter une copie
data-copy-intro = La copie contient ce que nous gardons de ce compteur. Vous pouvez la garder, l'ouvrir ailleurs ou la donner à qui vous voulez.
data-copy-span = Quelle période ?
data-copy-everything = Tout, depuis le début
data-copy-content = Quelles valeurs ?
data-copy-curve = L'énergie de chaque demi-heure
data-copy-readings = Chaque relevé du compteur, tel quel
data-copy-form = Dans quel format ?
data-form-csv = CSV, pour un tableur
data-form-json = JSON, pour un programme
data-form-parquet = Parquet, pour l'analyse de données
data-copy-button = Télécharger la copie
data-trace-heading = La trace de vos visites
data-trace = Quand vous regardez vos mesures ou en prenez une copie, votre liste le note, une fois par jour au plus. Ainsi, une visite qui ne serait pas la vôtre se voit.
data-trace-link = Voir ma liste
filter-paused = En pause
narrow-organisation = Par organisation
narrow-compteur = Par compteur
narrow-finalite = Par finalité
narrow-all = Tout
narrow-by = Filtrer par organisation, compteur ou finalité
narrow-show = Filtrer
narrow-none = Aucun partage ne répond à ce choix.
narrow-show-all = Tout montrer
sharings-none-paused = Aucun partage en pause. La pause arrête les transferts sans mettre fin à l'accord.
sharing-onward = Recherches qui ont utilisé ces données
sharing-no-onward = Aucune recherche ne les a utilisées.
sharing-onward-intro = Des résultats anonymes ont été remis à ces projets.
sharing-onward-link = Vérifier ma part
sharing-transfers-file = Télécharger cette liste de transferts (CSV)
