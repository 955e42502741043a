nav-projects = Research projects
nav-summaries = Yearly summary
nav-breaches = Incident notices
nav-breach-register = Breaches
nav-unusual = Unusual use
desk-breaches = The register of breaches, and notices to people
desk-unusual = Days on which much more was sent than usual
desk-objections = { $n ->
    [one] One person objects to this project: it is made without this home.
   *[other] { $n } people object to this project: it is made without their homes.
}
record-breach = Notice of an incident
record-objection = Objection to a research project
next-title = The next access
next-barred = No access can come now: this sharing has ended, is paused or waits for your answer.
next-unknown = We cannot tell when the next access comes: there were too few so far, or they come without a rhythm.
next-expected = About { $at }: so far there was one about { $every }. This is worked out from the accesses before, and is no promise.
next-missed = One was to be expected about { $at } and did not come: so far there was one about { $every }. We cannot tell when the next one comes.
every-minutes = { $n ->
    [one] every minute
   *[other] every { $n } minutes
}
every-hours = { $n ->
    [one] every hour
   *[other] every { $n } hours
}
every-days = { $n ->
    [one] every day
   *[other] every { $n } days
}
unusual-title = Unusual use
unusual-mark = unusual
unusual-transfers = { $found } transfers on this day; { $usual } are usual.
unusual-span = { $found } days of data in one transfer; { $usual } are usual.
unusual-what = Unusual is not forbidden: all of it is within what you agreed to. If you do not want it, pause, narrow or withdraw.
unusual-heading = Unusual use
unusual-desk-intro = Days on which much more was sent under a sharing than is usual for it. The people were told. Usual is the median of the weeks before; the thresholds stand in the configuration.
unusual-desk-none = Nothing unusual was noticed.
unusual-desk-caption = Unusual use, latest first
unusual-day = Day
unusual-found = What was unusual
unusual-noticed = noticed
sharing-projects = Research projects, and how to object to one
projects-heading = Research projects
projects-intro = The projects that use what you share for research, or may use it. You can object to one of them without ending your sharing.
projects-none = No project uses what you share now, and none has asked to.
projects-catalogue = See what researchers can ask for
projects-period = Days asked for
projects-standing = Where it stands
projects-not-released = Nothing was delivered for it yet.
projects-with-her = Delivered on { $at }; your home is one of those it was made from.
projects-without-her = Delivered on { $at }, without your home.
projects-object = Object to this project
projects-object-means = From now on nothing is made from your readings for this project. Your sharing goes on for the others. What was delivered before stays: it shows groups of homes, never one.
projects-objected = you objected
projects-objected-means = Nothing is made from your readings for this project.
incidents-heading = Incident notices
incidents-intro = Security incidents that concern your data: what happened, what may follow, what was done and whom to turn to.
incidents-none = There is no notice for you.
incidents-history = See who received your data
incidents-notice = Notice of
incidents-known = We became aware
incidents-contact = Whom to turn to
summaries-heading = Yearly summary
summaries-intro = A summary says on one page with whom you shared over a year, how often, what changed and what ended. It holds no readings.
summaries-now = Make a summary of the last twelve months
summaries-yearly-means = You can have one made every year. A message tells you when it is ready.
summaries-yearly = Every year
summaries-next = The next one is made on
summaries-no-more = No more summaries every year
summaries-made = Your summaries
summaries-none = None was made yet. Make one above.
summaries-open = From
summaries-back = All summaries
summary-heading = Summary from { $from } to { $until }
summary-intro = With whom you shared, how often, what changed and what ended in this year, as is known today. No readings.
summary-pdf = Take it as a PDF
summary-sharings = Your sharings
summary-no-sharings = You shared nothing in this year.
summary-research = Research
summary-releases = { $n ->
    [0] No result for researchers was made with your home.
    [one] One result for researchers was made with your home among many.
   *[other] { $n } results for researchers were made with your home among many.
}
summary-requests = Your requests
summary-no-requests = You made no request about your rights.
summary-incidents = Incidents
summary-breaches = { $n ->
    [0] No security incident concerned your data.
    [one] One security incident concerned your data: read its notice.
   *[other] { $n } security incidents concerned your data: read their notices.
}
summary-now = Now: { $state }
summary-file = The sharings of this summary as a table (CSV)
notice-summary-made = Your summary is ready. It stands in the list below.
notice-summary-wished = Your wish is kept.
notice-objected = Your objection is recorded in the ledger. Nothing is made from your readings for this project.
notice-breach-saved = The register is up to date.
notice-breach-telling = People are being told, one after the other. This page says how many were told so far.
notice-erasure-handled = Seen to: this line has left the list.
untold-title = Erasures that recipients were not told of
untold-none = Every recipient was told of every erasure, or is being told.
untold-intro = These recipients did not take what they were told, neither at their webhook nor by letter, for more than a day. Write or call, give them the authorisation, and say that it is seen to: nobody else knows any more of whom it is.
untold-authorisation = Authorisation, as the recipient knows it:
untold-erased = Erased about
untold-attempts = { $n ->
    [one] one attempt
   *[other] { $n } attempts
}
untold-given-up = given up
untold-handled = I have seen to it
field-breach-nature = Choose at least one: confidentiality, integrity or availability
field-breach-subject = Give the organisation, or the identifier of the sharing or gateway
field-breach-date = This date cannot be: it lies ahead, or before the breach was known
field-late-reason = The 72 hours were over: say why
breaches-heading = Register of breaches
breaches-intro = Every breach of personal data, told or not. The authority is to be told within 72 hours of becoming aware, unless there is hardly a risk.
breaches-none = No breach is in the register. Write one down as soon as you become aware of it: the clock runs from then on.
breaches-caption = Breaches, latest first
breach-new = Write a breach down
breach-new-intro = Write what is known now. The rest can follow, until people are told.
breach-heading = A breach
breach-back = The register
breach-known = Known since
breach-what = What happened
breach-authority = The authority
breach-people = The people concerned
breach-due = To be told by
breach-concerned = Who is concerned
breach-recorded = Written down
breach-written = What the register says
breach-confidentiality = confidentiality: somebody saw what was not theirs
breach-integrity = integrity: something was changed
breach-availability = availability: something was lost or out of reach
breach-negligible = negligible
breach-limited = limited
breach-important = important
breach-maximal = maximal
breach-all = everybody
breach-recipient = those of whom one organisation received something
breach-consent = whoever gave one sharing
breach-gateway = whoever has one gateway
breach-erased = one person, erased since
breach-hours-left = { $n ->
    [one] one hour left
   *[other] { $n } hours left
}
breach-hours-over = the 72 hours are over
breach-told-authority = told on { $at }, reference { $reference }
breach-late-reason = Why it was late:
breach-authority-how = Tell the authority by its own form, then note it here. After the 72 hours the reason for the delay is needed.
breach-authority-date = The day on which the authority was told
breach-authority-reference = Its reference
breach-authority-late = Why it was late (only after the 72 hours)
breach-authority-save = The authority was told
breach-people-undecided = It is not decided yet whether they are told.
breach-people-since = Being told since { $at }.
breach-people-told = Told so far: { $told } of { $people }.
breach-without-address = { $n ->
    [0] All of them have an address for messages.
    [one] One of them has no address for messages, and learns it when signing in: write a letter.
   *[other] { $n } of them have no address for messages, and learn it when signing in: write letters.
}
breach-people-not = They are not told: { $reason }
breach-people-despite = At first they were not told: { $reason }
breach-look = Look at the notices before they leave
breach-untold-why = Or: people are not told, because
breach-untold-hint = The data were encrypted, the risk is over, or a public notice takes its place. The register keeps your reason.
breach-untold-save = Do not tell people
breach-save = Keep this in the register
breach-field-known = The day on which you became aware
breach-field-known-hint = The clock of 72 hours starts then, whatever the calendar says.
breach-field-time = The time
breach-field-nature = What was breached
breach-field-severity = How bad it is for people
breach-field-concerned = Who is concerned
breach-field-organisation = The organisation
breach-field-none = Choose
breach-field-subject = Identifier of the sharing or of the gateway
breach-field-span = When data were touched (optional)
breach-field-from = From
breach-field-until = To
breach-field-faits = What happened
breach-field-donnees = What kinds of data
breach-field-consequences = What may follow for people
breach-field-mesures = What was done and will be done
breach-field-contact = Whom people turn to
breach-field-texte-fr = The notice to people, in French
breach-field-texte-en = The notice to people, in English
breach-field-texte-nl = The notice to people, in Dutch
breach-field-nobody = Name nobody: these texts stay when somebody is erased. A notice says in plain words what happened, what may follow, what was done, what the person can do, and whom to turn to.
breach-preview = Before people are told
breach-preview-back = Back to the breach
breach-preview-people = { $n ->
    [0] Nobody is concerned.
    [one] One person will be told.
   *[other] { $n } people will be told.
}
breach-not-ready = Kinds of data, consequences, measures and the notice in three languages are needed first.
breach-complete = Complete it
breach-nobody = Check who is concerned.
breach-send-means = This cannot be taken back. Each person gets the notice in her language, behind sign-in, a message without any detail, and a record in the ledger.
breach-send = { $n ->
    [one] Tell this person
   *[other] Tell these { $n } people
}
