package sample

var russian = []Incident{{
	Language: "ru",
	Danger:   "yes", DeadlineIn: 5, DeadlineWhat: "суд по экстрадиции",
	Narrative: `Меня задержали в Алматы по запросу страны, из которой я уехал. Обвинение — «призывы», хотя я только рисовал плакаты. Отпустили под подписку. Суд через несколько дней. Адвокат есть, но он просит бумаги о том, что это преследование.`,
	Methods:   []string{"H2", "H3"}, When: "2026-01", Precision: "month", Event: "KZ", Now: "KZ",
	Target: "me", Role: "activist", Basis: "present", Agrees: "self", Told: []string{"other"},
	Consent: []string{"statistics", "lawyer", "court", "un", "ccf", "ask"},
	Contact: "demo-four@example.org", ContactWhen: "в любое время", Name: "Пример Четвёртый",
	Files: []File{letter("постановление.pdf", "Районный суд (вымышленный)", "Постановление",
		"Избрать меру пресечения в виде подписки о невыезде. Заседание назначить на указанную дату.",
		"Эта бумага сделана программой для показа. Такого суда нет.")}, ShowWho: true,
}, {
	Language:  "ru",
	Danger:    "unsure",
	Narrative: `В Белграде за мной две недели ходил один и тот же человек. Сначала у офиса, потом у детского сада дочери. Когда я его сфотографировал, он улыбнулся и помахал рукой. После этого на почтовый ящик наклеили бумажку с моим домашним адресом в родном городе.`,
	Methods:   []string{"D5", "D4", "P4"}, When: "2025-11", Precision: "month", Event: "RS", Now: "RS",
	Target: "me", Role: "journalist", Basis: "present", Agrees: "self", Told: []string{"police"},
	Consent: []string{"statistics", "lawyer", "police", "ask"},
	Files:   []File{photo("DSC_0107.JPG", 23), photo("DSC_0112.JPG", 24)},
}, {
	Language: "ru",
	Danger:   "no",
	Narrative: `Звонил человек, представился сотрудником. Сказал, что моему брату «могут помочь с работой», если я буду раз в месяц рассказывать, о чём говорят на наших встречах. Я ответил, что подумаю, и больше не беру трубку. Он прислал ещё голосовое.

Брат об этом ничего не знает.`,
	Methods: []string{"T9", "P5"}, When: "2025-12-18", Precision: "day", Event: "GE", Now: "GE",
	Target: "me", Role: "activist", Basis: "present", Agrees: "self", Told: []string{"nobody"},
	Consent: []string{"statistics", "lawyer"},
	Files:   []File{voice("голосовое.wav", 104)},
}, {
	Language:  "ru",
	Danger:    "no",
	Narrative: `В канале с большой аудиторией опубликовали мою фотографию, адрес съёмной квартиры и телефон. Под записью сотни комментариев. За ночь — больше двухсот звонков. Хозяйка квартиры попросила съехать.`,
	Methods:   []string{"T4", "T3"}, When: "2025-09-27", Precision: "day", Event: "AM", Now: "AM",
	Target: "me", Role: "lawyer", Basis: "present", Agrees: "self", Told: []string{"police"},
	Consent: []string{"statistics", "lawyer", "police", "court"},
	Files:   []File{screenshot("снимок экрана 1.png", 31), screenshot("снимок экрана 2.png", 32)},
}, {
	Language:  "ru",
	Danger:    "no",
	Narrative: `После моего интервью маму уволили «по соглашению сторон». Она двадцать лет работала в библиотеке. Начальница плакала и сказала, что ей позвонили. Мама просит меня больше не выступать, и я не знаю, что ей ответить.`,
	Methods:   []string{"P3", "P5"}, When: "2025-06-05", Precision: "day", Event: "RU", Now: "RU",
	Target: "relative", Role: "relative", Basis: "told_by_person", Agrees: "undecided", Told: []string{"nobody"},
	Consent: []string{"statistics"},
}, {
	Language:  "ru",
	Danger:    "no",
	Narrative: `Знакомую сняли с рейса в Стамбуле, где у неё была пересадка. Десять часов держали в комнате без телефона. Спрашивали, почему её ищут. Потом отпустили, но самолёт улетел, и билет пришлось покупать заново.`,
	Methods:   []string{"M5", "H1"}, When: "2025-07-30", Precision: "day", Event: "TR", Now: "FI",
	Target: "acquaintance", Role: "student", Basis: "told_by_person", Agrees: "yes", Told: []string{"nobody"},
	Consent: []string{"statistics", "lawyer", "ccf", "state"},
}, {
	Language: "ru",
	Danger:   "yes", DeadlineIn: 3, DeadlineWhat: "срок выезда",
	Narrative: `Нам с мужем отменили вид на жительство в Эмиратах и дали несколько дней на выезд. Причину не назвали. Домой нам нельзя, у мужа там дело. Ищем страну, куда пустят с нашими паспортами.`,
	Methods:   []string{"H4", "A2"}, When: "2026-02", Precision: "month", Event: "AE", Now: "AE",
	Target: "relative", Role: "ordinary", Basis: "present", Agrees: "yes", Told: []string{"other"},
	Consent: []string{"statistics", "lawyer", "un", "ask"},
	Contact: "demo-five@example.org",
}, {
	Language:  "ru",
	Danger:    "no",
	Narrative: `Телефон показал предупреждение: вас мог атаковать наёмный шпионский софт. Я отнёс телефон специалистам, они нашли следы. В телефоне были контакты людей, которым я помогаю выехать. Я предупредил всех, кого смог.`,
	Methods:   []string{"T6"}, When: "2025-10-01", Precision: "day", Event: "LV", Now: "LV",
	Target: "me", Role: "journalist", Basis: "seen", Agrees: "self", Told: []string{"other"},
	Consent: []string{"statistics", "lawyer", "court", "publish"},
}}
