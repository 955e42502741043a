catalogue-heading = Catalogue des jeux de données
catalogue-intro = Ce qui existe, avec quel détail, et qui décide. Rien ne permet d'y retrouver un foyer.
catalogue-none = Aucun jeu de données pour l'instant. Revenez quand des foyers auront donné leur accord.
back-to-catalogue = Retour au catalogue
dataset-heading-plain = Un jeu de données
dataset-what = Contenu
dataset-households = Foyers
dataset-households-at-least = au moins { $households } d'accord
dataset-households-below = moins de { $households } d'accord
dataset-households-needed = { $needed } nécessaires
dataset-too-few = Trop peu pour une livraison aujourd'hui.
dataset-purpose = Usage accepté par les foyers
dataset-terms = Conditions
dataset-decided-by = Décision
dataset-households-unknown = nombre non publié : aucune règle ne s'applique aujourd'hui
dataset-no-days = aucun jour complet pour l'instant
dataset-officer-of = Délégué à la protection des données de { $name }
dataset-preview = Aperçu
dataset-ask = Demander ce jeu de données
dataset-justification = Pourquoi ces données sont nécessaires
dataset-justification-hint = Quelques phrases suffisent : la question étudiée, et pourquoi ce détail et cette période. N'y écrivez aucun nom de participant.
dataset-from = Premier jour voulu
dataset-until = Dernier jour voulu
dataset-ask-next = La protection des données lit votre demande. La réponse et son motif apparaissent dans « Mes demandes ».
dataset-send = Envoyer la demande
dataset-other-role = Seule une équipe de recherche peut demander ce jeu de données.
dataset-sign-in-first = Connectez-vous comme équipe de recherche pour demander ce jeu de données.
to-sign-in = Aller à la connexion
mean-curve-title = { $households ->
    [one] Courbe moyenne de { $households } foyer
   *[other] Courbe moyenne de { $households } foyers
}
mean-curve-description = Puissance moyenne par foyer, du { $from } au { $until }.
mean-curve-legend = Une zone hachurée est un intervalle non publié.
requests-heading = Mes demandes
requests-none = Vous n'avez fait aucune demande.
request-awaiting-officer = En attente de décision
request-awaiting-officer-means = C'est au délégué à la protection des données de répondre.
request-preparing = Accordée, en préparation
request-preparing-means = C'est à Fiducie de préparer la livraison. Revenez dans un instant.
request-withheld = Acceptée, non livrable aujourd'hui
request-withheld-means = Les règles de publication s'opposent à la livraison. La demande reste acceptée.
request-remedies = Ce qui permettrait la livraison
request-released = Livrée
request-released-means = C'est à vous : téléchargez la livraison et vérifiez sa preuve.
request-refused = Refusée
request-refused-means = La demande est close. Vous pouvez en faire une autre.
request-turn = Prochaine étape
request-sent = Envoyée le
request-period = Période demandée
request-released-at = Livrée le
request-refused-at = Refusée le
request-reason = Motif
request-households = { $n ->
    [one] moyenne de { $n } foyer
   *[other] moyenne de { $n } foyers
}
request-download = Télécharger la livraison scellée
request-open = Ouvrez-la avec votre clé, rangez la preuve à côté sous le nom « evidence.json », puis vérifiez le dossier :
withheld-periods-add-up = Avec les publications précédentes de ces foyers, la durée montrée serait trop longue pour leur nombre.
manifest-leaf = Place du manifeste dans le registre
manifest-explained = disclosure-manifest.json a une ligne scellée par foyer compté. Vérifiez que c'est la liste que le registre désigne :
