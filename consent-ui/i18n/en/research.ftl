catalogue-heading = Catalogue of datasets
catalogue-intro = What exists, in how much detail, and who decides. Nobody can find a household in it.
catalogue-none = No dataset so far. Come back when households have agreed.
back-to-catalogue = Back to the catalogue
dataset-heading-plain = A dataset
dataset-what = Content
dataset-households = Households
dataset-households-at-least = at least { $households } agree
dataset-households-below = fewer than { $households } agree
dataset-households-needed = { $needed } needed
dataset-too-few = Too few for a release today.
dataset-purpose = Use the households agreed to
dataset-terms = Terms
dataset-decided-by = Decision
dataset-households-unknown = number not published: no rule applies today
dataset-no-days = no complete day so far
dataset-officer-of = Data-protection officer of { $name }
dataset-preview = Preview
dataset-ask = Ask for this dataset
dataset-justification = Why these data are needed
dataset-justification-hint = A few sentences are enough: the question you study, and why this detail and this period. Do not write any participant's name.
dataset-from = First day wanted
dataset-until = Last day wanted
dataset-ask-next = Data protection reads your request. The answer and its reason appear under “My requests”.
dataset-send = Send the request
dataset-other-role = Only a research team can ask for this dataset.
dataset-sign-in-first = Sign in as a research team to ask for this dataset.
to-sign-in = Go to sign-in
mean-curve-title = { $households ->
    [one] Mean curve of { $households } household
   *[other] Mean curve of { $households } households
}
mean-curve-description = Mean power per household, from { $from } to { $until }.
mean-curve-legend = A hatched area is an interval that is not published.
requests-heading = My requests
requests-none = You have made no request.
request-awaiting-officer = Awaiting a decision
request-awaiting-officer-means = It is the data-protection officer's turn to answer.
request-preparing = Approved, being prepared
request-preparing-means = It is Fiducie's turn to prepare the release. Come back in a moment.
request-withheld = Approved, cannot be released today
request-withheld-means = The rules of publication stand against the release. The request stays approved.
request-remedies = What would allow the release
request-released = Released
request-released-means = It is your turn: download the release and check its proof.
request-refused = Refused
request-refused-means = The request is closed. You can make another one.
request-turn = Next step
request-sent = Sent on
request-period = Period asked for
request-released-at = Released on
request-refused-at = Refused on
request-reason = Reason
request-households = { $n ->
    [one] mean of { $n } household
   *[other] mean of { $n } households
}
request-download = Download the sealed release
request-open = Open it with your key, put the proof beside it under the name “evidence.json”, then verify the folder:
withheld-periods-add-up = With the earlier releases of these households, too much time would be shown for their number.
manifest-leaf = Place of the manifest in the ledger
manifest-explained = disclosure-manifest.json has one sealed row for each home counted. Verify that it is the list that the ledger names:
