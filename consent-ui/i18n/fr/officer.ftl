desk-heading = Demandes à décider
desk-to-decide = À décider
desk-nothing = Aucune demande n'attend de décision.
desk-see-flows = Voir les transferts
desk-requester = Demandeur
desk-checks = Contrôles automatiques
desk-reason = Motif de la décision
desk-reason-hint = Le demandeur lit ce motif. N'y écrivez aucune donnée personnelle.
desk-approve = Accepter
desk-refuse = Refuser
desk-of = { " " }la demande « { $title } »
desk-decided = Décidées récemment
desk-none-decided = Aucune demande décidée pour l'instant.
desk-decided-caption = Demandes décidées, de la plus récente à la plus ancienne
desk-column-dataset = Jeu de données
desk-column-state = État
desk-no-release = aucune livraison
desk-make-release = Préparer la livraison
check-passes = Conforme
check-fails = Non conforme
check-households = { $consenting ->
    [one] { $consenting } foyer d'accord, { $needed } nécessaires.
   *[other] { $consenting } foyers d'accord, { $needed } nécessaires.
}
check-later = À venir
check-dominance-later = Poids de chaque foyer dans les valeurs : contrôlé au moment de la livraison, qui est refusée si un foyer pèse trop.
counterpart-gateway = Passerelle du foyer
flows-heading = Transferts
flows-intro = Tout ce qui est entré, sorti ou a été refusé. Les personnes y figurent sous pseudonyme.
flows-none = Aucun transfert ne correspond à ce filtre. Choisissez-en un autre.
flows-caption = Transferts, du plus récent au plus ancien
ledger-heading = État du registre
ledger-intro = Le registre ne s'écrit qu'à la suite. Son dernier point de contrôle signé engage tout ce qui précède.
ledger-origin = Origine
ledger-size = Taille
ledger-size-count = { $n ->
    [one] { $n } ligne
   *[other] { $n } lignes
}
ledger-root = Racine
ledger-checkpoint = Dernier point de contrôle
ledger-no-checkpoint = aucun, le registre est vide
ledger-key = Clé de vérification
ledger-url = Adresse de lecture
ledger-verify = Vérifier sans nous
ledger-verify-text = Notez la clé de vérification ailleurs que sur ce site, puis lancez ces commandes sur votre ordinateur.
ledger-verify-log = Vérifier tout le registre
ledger-verify-bundle = Vérifier un dossier de preuve, hors ligne
ledger-verify-result = Chaque commande dit en clair ce qu'elle a vérifié. Son code de sortie vaut 0 seulement si tout est exact.
ledger-erasures = Effacements
ledger-column-handle = Marque
ledger-column-records = Enregistrements effacés
ledger-column-leaf = Ligne
ledger-no-erasures = Aucun effacement pour l'instant.
ledger-erasures-caption = Effacements, du plus récent au plus ancien
manifest-whole = Manifeste entier
manifest-check = Le manifeste entier est recalculé avant chaque téléchargement. Refaites-le sans ce site :
