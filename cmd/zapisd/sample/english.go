package sample

var english = []Incident{{
	Language: "en",
	Danger:   "yes", DeadlineIn: 9, DeadlineWhat: "court decides on detention",
	Narrative: `I flew to Italy for a conference. At passport control they asked me to wait, then two officers came. They said there is a wanted notice from the country I left, for fraud. I used to write about elections there. I never had a company.

I was held for two days and then released with an order to report to the police twice a week. A court will look at it again soon. I have the paper they gave me.`,
	Methods: []string{"H1", "H3"}, When: "2025-10-14", Precision: "day", Event: "IT", Now: "PL",
	Target: "me", Role: "journalist", Basis: "present", Agrees: "self", Told: []string{"other"},
	Consent: []string{"statistics", "lawyer", "ccf", "court", "ask"},
	Contact: "demo-one@example.org", ContactWhen: "after 18:00, text only", Name: "Example Reporter One",
	Files: []File{letter("order to report.pdf", "Office for Foreigners (invented)\nExample Street 1", "Order to report",
		"The person named in the file is to present themselves every Monday and Thursday.",
		"This paper was made by a program for a demonstration. No such office exists.")},
}, {
	Language: "en",
	Danger:   "no",
	Narrative: `Our bank in Cyprus closed the account of our small group without giving a reason. A week before, they asked why people from our old country send us five and ten euros. These were collections for medicine.

The clerk said by telephone that a "foreign list" has our chairwoman's name on it. She was put there after a rally. I do not know whether anybody asked the bank to do this.`,
	Methods: []string{"A1", "H5"}, When: "2025-06", Precision: "month", Event: "CY", Now: "CY",
	Target: "group", Role: "activist", Basis: "present", Agrees: "yes", Told: []string{"nobody"},
	Consent: []string{"statistics", "lawyer", "other"},
}, {
	Language: "en",
	Danger:   "unsure",
	Narrative: `A message came to our office chat from somebody who used a colleague's photo. It said: open this, it is the list of the detained. The link asked for the messenger's code. One of us typed it in. Twenty minutes later all our groups were being read by somebody in another place.

We took the account back after two hours. We told everybody in the groups.`,
	Methods: []string{"T5", "T8"}, When: "2025-09-02", Precision: "day", Event: "CZ", Now: "CZ",
	Target: "assisted", Role: "activist", Basis: "seen", Agrees: "yes", Told: []string{"police"},
	Consent: []string{"statistics", "lawyer", "police", "publish"},
	Files: []File{
		screenshot("Screenshot_2025-09-02.png", 11),
		chat("chat export.txt", `[2025-09-02 10:14] (colleague's name, false): Good morning! This is the list of the detained, please check your town.
[2025-09-02 10:15] (colleague's name, false): https://list.example.invalid/
[2025-09-02 10:21] office: It asks for a code?
[2025-09-02 10:21] (colleague's name, false): Yes, it is protected. Be quick, it closes at eleven.
[2025-09-02 10:43] office: Who is this?
`)},
}, {
	Language: "en",
	Danger:   "no",
	Narrative: `My mother told me this. Three men in plain clothes searched her flat in the morning. They took the old computer and a drawing. They asked where I live now and who pays for me. They said it would be better for everybody if I came home to talk.

She does not want to complain anywhere. She is afraid for her pension.`,
	Methods: []string{"P1", "T9"}, When: "2025-02", Precision: "month", Event: "BY", Now: "BY",
	Target: "relative", Role: "relative", Basis: "told_by_person", Agrees: "undecided", Told: []string{"nobody"},
	Consent: []string{"statistics"},
}, {
	Language: "en",
	Danger:   "unsure",
	Narrative: `The same grey car stood across from our meeting place in Vilnius four evenings in a row. The man inside photographed everybody who went in. When I walked towards him he drove away. On the fourth evening he was outside my house.

I attach two photos. The plates are from this country.`,
	Methods: []string{"D5", "D4"}, When: "2025-11", Precision: "month", Event: "LT", Now: "LT",
	Target: "me", Role: "activist", Basis: "present", Agrees: "self", Told: []string{"police"},
	Consent: []string{"statistics", "lawyer", "police", "ask"},
	Contact: "+370 000 00 000", ContactWhen: "never at night",
	Files: []File{photo("IMG_2041.jpg", 3), photo("IMG_2042.jpg", 4)}, ShowWho: true,
}, {
	Language: "en",
	Danger:   "no", DeadlineIn: 60, DeadlineWhat: "passport runs out",
	Narrative: `At the consulate in Tbilisi they took my application for a new passport and gave it back after an hour. The woman at the window said: you can have it at home, with us you cannot. She would not write it down. There were other people behind me who were told the same.`,
	Methods:   []string{"M1"}, When: "2025-12-04", Precision: "day", Event: "GE", Now: "GE",
	Target: "me", Role: "student", Basis: "present", Agrees: "self", Told: []string{"nobody"},
	Consent: []string{"statistics", "lawyer", "un", "state"},
}, {
	Language: "en",
	Danger:   "no",
	Narrative: `Our son is nine. In his new school other parents found an article that calls me a terrorist, with my photo. It comes from a television channel at home. Two families asked that he sit elsewhere. The teacher was kind. The head said they "do not want politics".

I know this may not be what you collect. I wanted somebody to write it down.`,
	Methods: []string{"A5", "A4", "T4"}, When: "2025", Precision: "ongoing", Event: "NO", Now: "NO",
	Target: "relative", Role: "ordinary", Basis: "told_by_person", Agrees: "yes", Told: []string{"other"},
	Consent: []string{"statistics", "lawyer"},
}, {
	Language:  "en",
	Danger:    "no",
	Narrative: `I translate for people who ask for asylum. I do not know if this belongs here. Somebody rang our office, said they were from a ministry of the country people flee from, and wanted the list of next week's interviews "for verification". We said no. The number cannot be called back.`,
	Methods:   []string{"X1", "H6"}, When: "2026-01-20", Precision: "day", Event: "DE", Now: "DE",
	Target: "assisted", Role: "other", Basis: "present", Agrees: "yes", Told: []string{"police", "other"},
	Consent: []string{"statistics", "lawyer", "court", "un", "publish"},
}}
