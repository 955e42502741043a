desk-heading = Requests to decide
desk-to-decide = To decide
desk-nothing = No request is waiting for a decision.
desk-see-flows = See the transfers
desk-requester = Requester
desk-checks = Automatic checks
desk-reason = Reason for the decision
desk-reason-hint = The requester reads this reason. Do not write any personal data.
desk-approve = Approve
desk-refuse = Refuse
desk-of = { " " }the request “{ $title }”
desk-decided = Decided lately
desk-none-decided = No request decided so far.
desk-decided-caption = Decided requests, latest first
desk-column-dataset = Dataset
desk-column-state = State
desk-no-release = no release
desk-make-release = Make the release
check-passes = Passes
check-fails = Fails
check-households = { $consenting ->
    [one] { $consenting } household agrees, { $needed } needed.
   *[other] { $consenting } households agree, { $needed } needed.
}
check-later = To come
check-dominance-later = Weight of each household in the values: tested when the release is made, which is refused if one weighs too much.
counterpart-gateway = Gateway of the household
flows-heading = Transfers
flows-intro = All that came in, went out or was refused. People appear under a pseudonym.
flows-none = No transfer matches this filter. Choose another one.
flows-caption = Transfers, latest first
ledger-heading = State of the ledger
ledger-intro = The ledger is only ever written at its end. Its last signed checkpoint commits to everything before it.
ledger-origin = Origin
ledger-size = Size
ledger-size-count = { $n ->
    [one] { $n } line
   *[other] { $n } lines
}
ledger-root = Root
ledger-checkpoint = Last checkpoint
ledger-no-checkpoint = none, the ledger is empty
ledger-key = Verifier key
ledger-url = Read address
ledger-verify = Check without us
ledger-verify-text = Note the verifier key somewhere other than this site, then run these commands on your computer.
ledger-verify-log = Check the whole ledger
ledger-verify-bundle = Check a proof bundle, offline
ledger-verify-result = Each command says in plain words what it checked. Its exit code is 0 only when everything is right.
ledger-erasures = Erasures
ledger-column-handle = Mark
ledger-column-records = Records erased
ledger-column-leaf = Line
ledger-no-erasures = No erasure so far.
ledger-erasures-caption = Erasures, latest first
manifest-whole = Whole manifest
manifest-check = The whole manifest is computed again before each download. Do it without this site:
