nav-projects = Projets de recherche
nav-summaries = Bilan annuel
nav-breaches = Avis d'incident
nav-breach-register = Violations
nav-unusual = Usages inhabituels
desk-breaches = Le registre des violations et les avis aux personnes
desk-unusual = Les jours où bien plus que d'habitude a été envoyé
desk-objections = { $n ->
    [one] Une personne s'oppose à ce projet : il se fait sans son foyer.
   *[other] { $n } personnes s'opposent à ce projet : il se fait sans leurs foyers.
}
record-breach = Avis d'incident
record-objection = Opposition à un projet de recherche
next-title = Le prochain accès
next-barred = Aucun accès ne peut venir maintenant : ce partage a pris fin, est en pause ou attend votre réponse.
next-unknown = Nous ne pouvons pas dire quand viendra le prochain accès : il y en a eu trop peu, ou ils viennent sans rythme.
next-expected = Vers le { $at } : jusqu'ici il y en a eu un environ { $every }. Ceci est calculé d'après les accès passés et n'est pas une promesse.
next-missed = Un accès était attendu vers le { $at } et n'est pas venu : jusqu'ici il y en a eu un environ { $every }. Nous ne pouvons pas dire quand viendra le prochain.
every-minutes = { $n ->
    [one] chaque minute
   *[other] toutes les { $n } minutes
}
every-hours = { $n ->
    [one] chaque heure
   *[other] toutes les { $n } heures
}
every-days = { $n ->
    [one] chaque jour
   *[other] tous les { $n } jours
}
unusual-title = Usage inhabituel
unusual-mark = inhabituel
unusual-transfers = { $found } envois ce jour-là ; d'habitude { $usual }.
unusual-span = { $found } jours de données en un envoi ; d'habitude { $usual }.
unusual-what = Inhabituel ne veut pas dire interdit : tout reste dans ce que vous avez accepté. Si vous n'en voulez pas, suspendez, réduisez ou retirez.
unusual-heading = Usages inhabituels
unusual-desk-intro = Les jours où bien plus que d'habitude a été envoyé sous un partage. Les personnes ont été prévenues. L'habitude est la médiane des semaines précédentes ; les seuils sont dans la configuration.
unusual-desk-none = Rien d'inhabituel n'a été remarqué.
unusual-desk-caption = Usages inhabituels, le plus récent d'abord
unusual-day = Jour
unusual-found = Ce qui était inhabituel
unusual-noticed = remarqué
sharing-projects = Les projets de recherche, et comment s'opposer à l'un d'eux
projects-heading = Projets de recherche
projects-intro = Les projets qui utilisent pour la recherche ce que vous partagez, ou pourraient le faire. Vous pouvez vous opposer à l'un d'eux sans mettre fin à votre partage.
projects-none = Aucun projet n'utilise ce que vous partagez, et aucun ne l'a demandé.
projects-catalogue = Voir ce que les chercheurs peuvent demander
projects-period = Jours demandés
projects-standing = Où il en est
projects-not-released = Rien n'a encore été livré pour lui.
projects-with-her = Livré le { $at } ; votre foyer est l'un de ceux dont il est fait.
projects-without-her = Livré le { $at }, sans votre foyer.
projects-object = M'opposer à ce projet
projects-object-means = Désormais rien n'est fait de vos relevés pour ce projet. Votre partage continue pour les autres. Ce qui a été livré avant reste : cela montre des groupes de foyers, jamais un seul.
projects-objected = vous vous y opposez
projects-objected-means = Rien n'est fait de vos relevés pour ce projet.
incidents-heading = Avis d'incident
incidents-intro = Les incidents de sécurité qui concernent vos données : ce qui s'est passé, ce qui peut en résulter, ce qui a été fait et à qui vous adresser.
incidents-none = Il n'y a pas d'avis pour vous.
incidents-history = Voir qui a reçu vos données
incidents-notice = Avis du
incidents-known = Nous en avons eu connaissance
incidents-contact = À qui vous adresser
summaries-heading = Bilan annuel
summaries-intro = Un bilan dit sur une page avec qui vous avez partagé pendant un an, combien de fois, ce qui a changé et ce qui a pris fin. Il ne contient aucun relevé.
summaries-now = Faire le bilan des douze derniers mois
summaries-yearly-means = Vous pouvez en recevoir un chaque année. Un message vous dit quand il est prêt.
summaries-yearly = Chaque année
summaries-next = Le prochain sera fait le
summaries-no-more = Plus de bilan chaque année
summaries-made = Vos bilans
summaries-none = Aucun bilan n'a été fait. Faites-en un ci-dessus.
summaries-open = Du
summaries-back = Tous les bilans
summary-heading = Bilan du { $from } au { $until }
summary-intro = Avec qui vous avez partagé, combien de fois, ce qui a changé et ce qui a pris fin cette année, tel que c'est connu aujourd'hui. Aucun relevé.
summary-pdf = L'emporter en PDF
summary-sharings = Vos partages
summary-no-sharings = Vous n'avez rien partagé cette année.
summary-research = Recherche
summary-releases = { $n ->
    [0] Aucun résultat pour la recherche n'a été fait avec votre foyer.
    [one] Un résultat pour la recherche a été fait avec votre foyer parmi beaucoup d'autres.
   *[other] { $n } résultats pour la recherche ont été faits avec votre foyer parmi beaucoup d'autres.
}
summary-requests = Vos demandes
summary-no-requests = Vous n'avez fait aucune demande sur vos droits.
summary-incidents = Incidents de sécurité
summary-breaches = { $n ->
    [0] Aucun incident de sécurité n'a concerné vos données.
    [one] Un incident de sécurité a concerné vos données : lisez son avis.
   *[other] { $n } incidents de sécurité ont concerné vos données : lisez leurs avis.
}
summary-now = Aujourd'hui : { $state }
summary-file = Les partages de ce bilan en tableau (CSV)
notice-summary-made = Votre bilan est prêt. Il est dans la liste ci-dessous.
notice-summary-wished = Votre souhait est enregistré.
notice-objected = Votre opposition est inscrite au registre. Rien n'est fait de vos relevés pour ce projet.
notice-breach-saved = Le registre est à jour.
notice-breach-telling = Les personnes sont prévenues l'une après l'autre. Cette page dit combien l'ont été.
notice-erasure-handled = C'est réglé : cette ligne a quitté la liste.
untold-title = Effacements dont des destinataires n'ont pas été informés
untold-none = Chaque destinataire a été informé de chaque effacement, ou est en train de l'être.
untold-intro = Ces destinataires n'ont pas pris ce qui leur était dit, ni par leur adresse technique ni par lettre, depuis plus d'un jour. Écrivez ou appelez, donnez-leur l'autorisation, puis dites que c'est réglé : personne d'autre ne sait plus de qui il s'agit.
untold-authorisation = Autorisation, telle que le destinataire la connaît :
untold-erased = Effacé vers
untold-attempts = { $n ->
    [one] une tentative
   *[other] { $n } tentatives
}
untold-given-up = abandonné
untold-handled = C'est réglé
field-breach-nature = Choisissez au moins un aspect : confidentialité, intégrité ou disponibilité
field-breach-subject = Donnez l'organisation, ou l'identifiant du partage ou de la passerelle
field-breach-date = Cette date ne peut pas être : elle est à venir, ou précède la connaissance de la violation
field-late-reason = Les 72 heures étaient écoulées : dites pourquoi
breaches-heading = Registre des violations
breaches-intro = Chaque violation de données personnelles, annoncée ou non. L'autorité est prévenue dans les 72 heures qui suivent la connaissance, sauf s'il n'y a guère de risque.
breaches-none = Aucune violation n'est au registre. Inscrivez-en une dès que vous en avez connaissance : l'horloge tourne dès lors.
breaches-caption = Violations, la plus récente d'abord
breach-new = Inscrire une violation
breach-new-intro = Écrivez ce qui est connu maintenant. Le reste peut suivre, tant que les personnes ne sont pas prévenues.
breach-heading = Une violation
breach-back = Le registre
breach-known = Connue depuis
breach-what = Ce qui s'est passé
breach-authority = L'autorité
breach-people = Les personnes concernées
breach-due = À prévenir avant
breach-concerned = Qui est concerné
breach-recorded = Inscrite
breach-written = Ce que dit le registre
breach-confidentiality = confidentialité : quelqu'un a vu ce qui n'était pas à lui
breach-integrity = intégrité : quelque chose a été modifié
breach-availability = disponibilité : quelque chose est perdu ou hors d'atteinte
breach-negligible = négligeable
breach-limited = limitée
breach-important = importante
breach-maximal = maximale
breach-all = tout le monde
breach-recipient = les personnes dont une organisation a reçu quelque chose
breach-consent = la personne d'un partage
breach-gateway = la personne d'une passerelle
breach-erased = une personne, effacée depuis
breach-hours-left = { $n ->
    [one] { $n } heure restante
   *[other] { $n } heures restantes
}
breach-hours-over = les 72 heures sont écoulées
breach-told-authority = prévenue le { $at }, référence { $reference }
breach-late-reason = Pourquoi si tard :
breach-authority-how = Prévenez l'autorité par son propre formulaire, puis notez-le ici. Après les 72 heures, le motif du retard est nécessaire.
breach-authority-date = Le jour où l'autorité a été prévenue
breach-authority-reference = Sa référence
breach-authority-late = Pourquoi si tard (seulement après les 72 heures)
breach-authority-save = L'autorité est prévenue
breach-people-undecided = Il n'est pas encore décidé si elles sont prévenues.
breach-people-since = Prévenues depuis le { $at }.
breach-people-told = Prévenues jusqu'ici : { $told } sur { $people }.
breach-without-address = { $n ->
    [0] Toutes ont une adresse pour les messages.
    [one] Une d'elles n'a pas d'adresse pour les messages et l'apprend en se connectant : écrivez-lui.
   *[other] { $n } d'entre elles n'ont pas d'adresse pour les messages et l'apprennent en se connectant : écrivez-leur.
}
breach-people-not = Elles ne sont pas prévenues : { $reason }
breach-people-despite = D'abord, elles n'étaient pas prévenues : { $reason }
breach-look = Relire les avis avant l'envoi
breach-untold-why = Ou bien : les personnes ne sont pas prévenues, parce que
breach-untold-hint = Les données étaient chiffrées, le risque est écarté, ou un avis public en tient lieu. Le registre garde votre motif.
breach-untold-save = Ne pas prévenir les personnes
breach-save = Garder ceci au registre
breach-field-known = Le jour où vous en avez eu connaissance
breach-field-known-hint = L'horloge des 72 heures part de là, quel que soit le calendrier.
breach-field-time = L'heure
breach-field-nature = Ce qui a été violé
breach-field-severity = La gravité pour les personnes
breach-field-concerned = Qui est concerné
breach-field-organisation = L'organisation
breach-field-none = Choisir
breach-field-subject = Identifiant du partage ou de la passerelle
breach-field-span = Quand les données ont été touchées (facultatif)
breach-field-from = Du
breach-field-until = Au
breach-field-faits = Ce qui s'est passé
breach-field-donnees = Quelles sortes de données
breach-field-consequences = Ce qui peut en résulter pour les personnes
breach-field-mesures = Ce qui a été fait et sera fait
breach-field-contact = À qui les personnes s'adressent
breach-field-texte-fr = L'avis aux personnes, en français
breach-field-texte-en = L'avis aux personnes, en anglais
breach-field-texte-nl = L'avis aux personnes, en néerlandais
breach-field-nobody = Ne nommez personne : ces textes restent quand quelqu'un est effacé. Un avis dit en mots simples ce qui s'est passé, ce qui peut en résulter, ce qui a été fait, ce que la personne peut faire et à qui s'adresser.
breach-preview = Avant de prévenir les personnes
breach-preview-back = Retour à la violation
breach-preview-people = { $n ->
    [0] Personne n'est concerné.
    [one] Une personne sera prévenue.
   *[other] { $n } personnes seront prévenues.
}
breach-not-ready = Il faut d'abord les sortes de données, les conséquences, les mesures et l'avis en trois langues.
breach-complete = Compléter
breach-nobody = Vérifiez qui est concerné.
breach-send-means = Ceci ne s'annule pas. Chaque personne reçoit l'avis dans sa langue, après connexion, un message sans aucun détail et une inscription au registre.
breach-send = { $n ->
    [one] Prévenir cette personne
   *[other] Prévenir ces { $n } personnes
}
