package sample

var belarusian = []Incident{{
	Language: "be",
	Danger:   "no", DeadlineIn: 40, DeadlineWhat: "канчаецца дазвол на жыхарства",
	Narrative: `Даведалася на мяжы, што мой пашпарт абвешчаны несапраўдным. Мне нічога не дасылалі. Памежнік паказаў на экране: «ануляваны». Цяпер не магу працягнуць дазвол на жыхарства, бо патрэбны сапраўдны пашпарт, а новы мне не даюць.`,
	Methods:   []string{"M2", "A2"}, When: "2025-08-19", Precision: "day", Event: "LT", Now: "LT",
	Target: "me", Role: "activist", Basis: "present", Agrees: "self", Told: []string{"other"},
	Consent: []string{"statistics", "lawyer", "un", "ask"},
	Contact: "demo-two@example.org", ContactWhen: "у выходныя", Name: "Прыклад Першы",
	Files: []File{letter("адказ міграцыйнай службы.pdf", "Міграцыйная ўстанова (выдуманая)", "Адказ на заяву",
		"Дакумент, які Вы падалі, не дзейнічае. Просім падаць сапраўдны пашпарт на працягу шасцідзесяці дзён.",
		"Гэтая папера зробленая праграмай для паказу. Такой установы няма.")},
}, {
	Language: "be",
	Danger:   "unsure",
	Narrative: `Бацька пасля допыту патэлефанаваў і гаварыў не сваімі словамі. Сказаў, каб я прыехаў «вырашыць пытанне». Потым маці напісала з чужога тэлефона, што яго трымалі суткі і пыталіся, каму я дасылаў грошы.

Я дасылаў дваццаць еўра на адваката для незнаёмага чалавека.`,
	Methods: []string{"P1", "P2", "T9"}, When: "2025-05", Precision: "month", Event: "BY", Now: "PL",
	Target: "relative", Role: "relative", Basis: "told_by_person", Agrees: "unasked", Told: []string{"nobody"},
	Consent: []string{"statistics"},
}, {
	Language:  "be",
	Danger:    "no",
	Narrative: `Мяне судзілі без мяне. Пра прысуд я прачытала ў навінах. Пасля гэтага забралі кватэру, у якой жыве бабуля. Ёй далі месяц, каб выехаць. Копію паведамлення сфатаграфавала сваячка.`,
	Methods:   []string{"L2", "L3", "L1"}, When: "2025-03", Precision: "month", Event: "BY", Now: "DE",
	Target: "me", Role: "lawyer", Basis: "seen", Agrees: "self", Told: []string{"nobody"},
	Consent: []string{"statistics", "lawyer", "court", "un", "publish"},
	Files: []File{letter("паведамленне.pdf", "Суд (выдуманы)", "Паведамленне аб вызваленні памяшкання",
		"Асобам, якія пражываюць у памяшканні, належыць вызваліць яго ў месячны тэрмін.",
		"Гэтая папера зробленая праграмай для паказу. Такога суда няма.")},
}, {
	Language: "be",
	Danger:   "yes",
	Narrative: `Учора прыйшло галасавое паведамленне з невядомага нумара. Мужчына спакойным голасам назваў маю вуліцу ў Варшаве і сказаў, што ведае, калі я вяртаюся з працы. Сёння на дзвярах пад'езда хтосьці намаляваў крыж.

Я напісала ў паліцыю. Пакуль жыву ў сяброўкі.`,
	Methods: []string{"T1", "T2", "D4"}, When: "2026-02-11", Precision: "day", Event: "PL", Now: "PL",
	Target: "me", Role: "journalist", Basis: "present", Agrees: "self", Told: []string{"police"},
	Consent: []string{"statistics", "lawyer", "police", "ask"},
	Contact: "demo-three@example.org", ContactWhen: "толькі тэкстам",
	Files: []File{voice("voice message.wav", 128), photo("дзверы.jpg", 9)},
}, {
	Language:  "be",
	Danger:    "no",
	Narrative: `У наш закрыты чат дыяспары трапіў чалавек, якога ніхто не бачыў ужывую. Ён пытаўся, хто калі едзе дадому і хто дапамагае сем'ям. Пасля гэтага дзвюх жанчын затрымалі на мяжы. Мы не ведаем напэўна, што гэта праз яго.`,
	Methods:   []string{"T7", "M5"}, When: "2025-07", Precision: "month", Event: "PL", Now: "PL",
	Target: "group", Role: "activist", Basis: "seen", Agrees: "yes", Told: []string{"nobody"},
	Consent: []string{"statistics", "lawyer"},
	Files: []File{chat("чат.txt", `[2025-07-03 20:02] новы ўдзельнік: Вітаю ўсіх! Даўно вас шукаў.
[2025-07-03 20:05] новы ўдзельнік: А хто-небудзь едзе дадому ў ліпені?
[2025-07-03 20:06] удзельніца: Навошта табе?
[2025-07-03 20:06] новы ўдзельнік: Перадаць лекі бацькам. Каму можна напісаць асабіста?
[2025-07-09 08:40] удзельніца: Ён выйшаў з чата і выдаліў усё.
`)},
}, {
	Language:  "be",
	Danger:    "no",
	Narrative: `Мой маленькі канал пра вышыванку ўнеслі ў спіс «экстрэмісцкіх матэрыялаў». На яго падпісаныя людзі, якія жывуць дома. Я выдаліла спіс падпісантаў, але не ведаю, ці не позна.`,
	Methods:   []string{"L4"}, When: "2025-04-22", Precision: "day", Event: "BY", Now: "CZ",
	Target: "me", Role: "ordinary", Basis: "seen", Agrees: "self", Told: []string{"nobody"},
	Consent: []string{"statistics", "lawyer", "publish"},
}, {
	Language:  "be",
	Danger:    "no",
	Narrative: `Пасля мітынгу да нас падышлі двое, гаварылі па-руску, здымалі твары на тэлефон і паўтаралі: «Дома вас чакаюць». Адзін узяў мяне за рукаў. Арганізатары паклікалі паліцыю, яны пайшлі.`,
	Methods:   []string{"D4", "D2"}, When: "2025-08-09", Precision: "day", Event: "EE", Now: "EE",
	Target: "acquaintance", Role: "activist", Basis: "present", Agrees: "yes", Told: []string{"police"},
	Consent: []string{"statistics", "lawyer", "police"},
	Files:   []File{photo("пасля мітынгу.jpg", 17)},
}, {
	Language:  "be",
	Danger:    "no",
	Narrative: `Банк папрасіў прынесці новы пашпарт, бо мой хутка канчаецца. Я растлумачыў, што яго не выдаюць за мяжой. Рахунак зачынілі, зарплату вярнулі працадаўцу. Дырэктар пайшоў насустрач, але я два месяцы быў без грошай.`,
	Methods:   []string{"A1", "M1"}, When: "2025-10", Precision: "month", Event: "LV", Now: "LV",
	Target: "me", Role: "former_prisoner", Basis: "present", Agrees: "self", Told: []string{"other"},
	Consent: []string{"statistics", "lawyer", "other"},
}}
