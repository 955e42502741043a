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
recorded-heading = Tout ce qui est inscrit sur moi
recorded-intro = Chaque événement qui vous concerne porte un numéro dans le registre public, sans trou. Cette page vérifie sur votre appareil, sans nous croire, que votre liste est complète : rien n'est caché, rien n'est ajouté.
recorded-remember = Votre navigateur retient l'état du registre à chaque visite. Si le registre revenait en arrière ou changeait le passé, la prochaine visite le montrerait.
recorded-check-heading = Vérification
recorded-checking = Vérification en cours…
recorded-verified-first = Complet : vos %records% inscriptions, et aucune autre, sont dans le registre de %size% lignes. Vérifié en %ms% ms. C'est votre première vérification avec ce navigateur.
recorded-verified = Complet : vos %records% inscriptions, et aucune autre, sont dans le registre de %size% lignes. Vérifié en %ms% ms. Depuis votre visite précédente, le registre de %before% lignes n'a fait que grandir.
recorded-lost-one = 1 de vos %records% inscriptions ne peut plus être lue : son détail a été perdu quand nous avons restauré une sauvegarde (%days%). Le registre le dit à tous (ligne %entries%). Il prouve encore que l'événement a eu lieu, à quelle heure et de quelle famille il était ; ce qu'il disait n'est plus nulle part chez nous. Que faire :
recorded-lost-many = %lost% de vos %records% inscriptions ne peuvent plus être lues : leur détail a été perdu quand nous avons restauré une sauvegarde (%days%). Le registre le dit à tous (ligne %entries%). Il prouve encore que ces événements ont eu lieu, à quelle heure et de quelle famille ils étaient ; ce qu'ils disaient n'est plus nulle part chez nous. Que faire :
recorded-lost-sharings = Vos accords ont été suspendus à ce moment. Regardez ceux qui doivent reprendre :
recorded-lost-file = Un fichier de vos inscriptions téléchargé avant la perte les contient encore : gardez-le, il se vérifie toujours.
recorded-lost-ask = Pour savoir ce qui a été transmis alors, demandez-le aux destinataires de vos données, qui ont leurs propres traces, ou au délégué à la protection des données (adresse en bas de page).
recorded-lost = Détail perdu lors de la restauration d'une sauvegarde
recorded-form = Le fichier est mal formé. Rechargez la page ; si cela se répète, gardez le fichier et écrivez à l'adresse en bas de page.
recorded-numbers = La liste a un trou ou un doublon à l'inscription %n%. Gardez le fichier et écrivez à votre délégué à la protection des données ou à l'autorité de contrôle.
recorded-opened = L'inscription %n% telle que nous la montrons n'est pas celle du registre. Gardez le fichier et prévenez votre délégué à la protection des données.
recorded-withheld = L'inscription %n% vous est donnée sans son contenu, comme si une restauration l'avait perdu ; mais le registre ne parle d'aucune restauration qui l'aurait perdue. Son contenu vous est caché. Gardez le fichier et prévenez l'autorité de contrôle.
recorded-signature = L'état du registre n'est pas signé par sa clé. Gardez le fichier et prévenez votre délégué à la protection des données.
recorded-map-root = Le registre ne se termine pas par l'index de toutes ses lignes. Gardez le fichier et prévenez votre délégué à la protection des données.
recorded-same-leaf = Deux inscriptions désignent la même ligne du registre. Gardez le fichier et prévenez votre délégué à la protection des données.
recorded-inclusion = Une inscription montrée ici n'est pas dans le registre, ou n'est pas celle qui y figure. Gardez le fichier et prévenez votre délégué à la protection des données.
recorded-map = La liste n'est pas complète : le registre contient davantage, ou autre chose, que ce qui est montré. Gardez le fichier et prévenez votre délégué à la protection des données.
recorded-other-log = Ce n'est pas le registre de votre visite précédente : sa clé a changé. Demandez pourquoi à votre délégué à la protection des données.
recorded-rewound = Le registre est plus court qu'à votre visite précédente : il est revenu en arrière. Gardez le fichier et prévenez l'autorité de contrôle.
recorded-fewer-records = Il y a moins d'inscriptions qu'à votre visite précédente. Gardez le fichier et prévenez l'autorité de contrôle.
recorded-rewritten = Le passé du registre a changé depuis votre visite précédente. Gardez le fichier et prévenez l'autorité de contrôle.
recorded-browser = Ce navigateur ne sait pas vérifier les signatures (Ed25519). Mettez-le à jour, ou vérifiez le fichier hors ligne comme indiqué plus bas.
recorded-fetch = Le fichier n'a pas pu être lu jusqu'au bout. Vérifiez la connexion et rechargez la page.
recorded-newest = Vos inscriptions, confrontées au registre
recorded-newer = Inscriptions plus récentes
recorded-older = Inscriptions plus anciennes
recorded-told-heading = Vos inscriptions, telles que nous les disons
recorded-told = Rien n'a été vérifié par votre navigateur dans cette liste : elle est notre parole, et une inscription pourrait y manquer. Pour vérifier, autorisez le script de cette page, ou téléchargez le fichier ci-dessous et vérifiez-le hors ligne.
recorded-told-none = Rien n'est encore inscrit.
recorded-told-caption = Vos inscriptions, non vérifiées, les plus récentes d'abord
recorded-number = Numéro
recorded-what = Événement
recorded-when = Date
recorded-file-heading = Le fichier
recorded-file = Le même contenu en un fichier, à garder : toutes vos inscriptions, leurs preuves, et la clé qui les relie.
recorded-download = Télécharger toutes mes inscriptions
recorded-list-file = La preuve seule que rien ne manque, sans le contenu de vos inscriptions (plus petite) :
recorded-download-list = Télécharger la liste de preuve
recorded-offline = Sans ce site, sur n'importe quel ordinateur :
recorded-secret = Gardez ce fichier pour vous : il contient le détail de vos échanges et la clé qui permet de reconnaître vos lignes dans le registre.
recorded-limits = Ce contrôle ne dit pas si d'autres voient le même registre que vous : comparez avec eux l'état public du registre (/ledger/checkpoint). Il ne dit pas non plus si un échange a eu lieu sans être inscrit. Ce second cas demande de comparer avec les comptes des sources et des destinataires.
history-delivered = Et les moyennes publiées qui vous comptent ?
delivered-heading = Ce qui a été livré de moi
delivered-intro = Les moyennes livrées à des chercheurs et dans lesquelles votre foyer est compté.
delivered-list = Chaque livraison contient une liste scellée : une ligne par foyer, que lui seul peut ouvrir. Cette page vérifie d'abord votre liste d'inscriptions, puis ouvre votre ligne sur votre appareil et vérifie, sans nous croire, ce qu'elle dit, qu'elle est bien dans la liste livrée et que votre inscription désigne cette liste.
delivered-no-script = Votre navigateur n'exécute pas de script ici : il ne vérifie rien sur cette page. Ce qui suit est ce que nous disons ; vos lignes se vérifient hors ligne, comme indiqué plus bas.
delivered-check-heading = Vérification de votre liste
delivered-none = Aucune livraison ne vous compte.
delivered-at = Livré le
delivered-fields = Données
delivered-period = Période
delivered-homes = Foyers dans la livraison
delivered-download = Télécharger ma ligne
field-energy-withdrawn = énergie soutirée
delivered-verified = Vérifié : une ligne de la livraison est la vôtre, et c'est la livraison de l'inscription %n% de votre liste. Elle dit seulement ces données et cette période. La liste livrée a %rows% lignes, et son empreinte est la ligne %index% du registre, le même que celui de votre liste.
delivered-form = Le fichier de votre ligne est mal formé. Rechargez la page ; si cela se répète, gardez le fichier et écrivez à l'adresse en bas de page.
delivered-row = Votre ligne n'est pas dans la liste livrée. Gardez le fichier et prévenez votre délégué à la protection des données.
delivered-other-subject = La ligne montrée n'est pas la vôtre. Gardez le fichier et prévenez votre délégué à la protection des données.
delivered-other-scope = Votre ligne dit d'autres données ou une autre période que cette page. Gardez le fichier et prévenez votre délégué à la protection des données.
delivered-record = L'inscription de cette livraison ne désigne pas la même liste que votre ligne. Gardez les deux fichiers et prévenez votre délégué à la protection des données.
delivered-not-listed = L'inscription de cette livraison n'est pas celle qui porte son numéro dans votre liste. Gardez le fichier et prévenez votre délégué à la protection des données.
delivered-rewritten = Votre ligne et votre liste ne viennent pas du même registre : l'un n'a pas grandi à partir de l'autre. Gardez les deux fichiers et prévenez l'autorité de contrôle.
delivered-unchecked = Non vérifié : votre liste d'inscriptions a été refusée (voir plus haut), et une ligne ne se vérifie que contre elle.
delivered-inclusion = L'empreinte de la liste n'est pas dans le registre. Gardez le fichier et prévenez votre délégué à la protection des données.
delivered-signature = L'état du registre n'est pas signé par sa clé. Gardez le fichier et prévenez votre délégué à la protection des données.
delivered-other-log = Cette ligne vient d'un autre registre que votre liste, ou d'une autre clé. Gardez le fichier et demandez pourquoi à votre délégué à la protection des données.
delivered-browser = Ce navigateur ne sait pas vérifier les signatures (Ed25519). Mettez-le à jour, ou vérifiez le fichier hors ligne comme indiqué plus bas.
delivered-fetch = Le fichier n'a pas pu être lu. Vérifiez la connexion et rechargez la page.
delivered-offline-heading = Sans ce site
delivered-offline = Sur n'importe quel ordinateur, avec votre ligne et la preuve de l'inscription :
delivered-secret = Gardez ces fichiers pour vous : ils permettent de reconnaître votre ligne dans la liste livrée. Si vous effacez vos données, plus rien ici n'ouvre votre ligne.
delivered-limits = Ce contrôle compare chaque ligne montrée ici avec votre liste d'inscriptions et avec le registre que ce navigateur a retenu ; à une première visite, il n'a encore rien retenu. Il ne dit pas si une livraison manque sur cette page : votre liste d'inscriptions les compte toutes (« Moyenne publiée à des chercheurs »). Il ne vérifie pas la signature de l'inscription elle-même : la commande ci-dessus le fait. Il ne dit pas si la moyenne a été calculée avec ces foyers et eux seuls, ni si d'autres données sont parties sans être inscrites. Une ligne de trop ne se voit que dans la liste entière, que le chercheur et le délégué à la protection des données possèdent.
