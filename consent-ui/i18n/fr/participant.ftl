dashboard-heading = Tableau de bord
dashboard-sharings = Qui utilise mes données
dashboard-curve = Ma courbe du jour
dashboard-meters = Mes compteurs
count-active = { $n ->
    [one] partage en cours
   *[other] partages en cours
}
count-ending = { $n ->
    [one] se termine dans les 30 jours
   *[other] se terminent dans les 30 jours
}
count-awaiting = { $n ->
    [one] demande attend ma réponse
   *[other] demandes attendent ma réponse
}
count-transfers = { $n ->
    [0] aucun transfert
    [one] { $n } transfert
   *[other] { $n } transferts
}
curve-title = { $meter }, puissance moyenne par intervalle, { $day }
curve-total = Total mesuré : { $energy }.
curve-peak = Le plus haut : { $power } à { $time }.
curve-gap = de { $from } à { $until }
curve-no-gap = Aucun intervalle ne manque.
curve-gaps = Sans mesure : { $list }.
curve-legend = Une zone hachurée est un intervalle sans mesure.
curve-missing = pas de mesure
curve-withheld = non publié
curve-no-meter = Aucun compteur n'est rattaché à votre compte, il n'y a donc pas de courbe.
curve-empty = Aucune mesure pour ce jour. Vérifiez que la mesure est activée ou choisissez un autre jour.
curve-table-summary = Les mêmes valeurs en tableau
curve-days-label = Jours de la courbe
curve-previous-day = Jour précédent
curve-next-day = Jour suivant
curve-today = Aujourd'hui
meter-label = Compteur { $n }
meter-number = Numéro
meter-last-digits = finit par { $digits }
meter-gateway = Passerelle
meter-last-reading = Dernière mesure
meter-no-reading = aucune
meter-measuring = Mesure
meter-see-curve = Voir la courbe
meters-none = Aucun compteur n'est rattaché à votre compte. Écrivez à l'adresse en bas de page pour en rattacher un.
measuring-switch-on = Activer la mesure
measuring-switch-off = Arrêter la mesure
measuring-of = , { $meter }
history-heading = Historique de mes données
history-intro = Chaque entrée, chaque sortie et chaque refus, avec sa preuve.
history-none = Aucun transfert pour l'instant. Ils apparaîtront ici dès qu'un partage sera en cours.
history-caption = Transferts, du plus récent au plus ancien
erasure-heading = Tout effacer
erasure-intro = Vous pouvez faire effacer tout ce que nous détenons sur vous. Lisez d'abord ce que cela entraîne.
erasure-what-happens = Ce qui se passe
erasure-readings = { $n ->
    [one] Les mesures de votre compteur deviennent illisibles, pour nous aussi.
   *[other] Les mesures de vos { $n } compteurs deviennent illisibles, pour nous aussi.
}
erasure-sharings = { $n ->
    [0] Aucun partage n'est en cours.
    [one] Votre partage en cours prend fin.
   *[other] Vos { $n } partages en cours prennent fin.
}
erasure-recipients = Les données déjà transmises restent chez les destinataires. Demandez-leur aussi de les effacer.
erasure-ledger = Le registre garde des lignes que plus rien ne relie à vous. Vos anciennes preuves restent valables.
erasure-published = Les moyennes déjà publiées ne changent pas. Elles ne permettent pas de vous retrouver.
erasure-final = C'est définitif : personne ne peut revenir en arrière.
erasure-confirm = J'ai compris que l'effacement est définitif
erasure-button = Effacer toutes mes données
erasure-keep = Ne rien effacer
erased-heading = Vos données sont effacées
erased-text = Les clés de vos données sont détruites. Plus personne ne peut les lire.
erased-at = Effacé le
erased-record = Ligne du registre
erased-keep-receipt = Notez ce numéro : la ligne est publique et ne dit rien de vous. Les preuves déjà téléchargées restent valables.
