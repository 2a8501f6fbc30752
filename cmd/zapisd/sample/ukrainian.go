package sample

var ukrainian = []Incident{{
	Language:  "uk",
	Danger:    "unsure",
	Narrative: `Моя сестра лишилася там, де зараз немає зв'язку кожного дня. До неї прийшли і сказали: поки брат допомагає армії, діти до школи не підуть, а підуть «в інше місце». Вона боїться писати. Я дізналася через знайому.`,
	Methods:   []string{"P4", "P1"}, When: "2025-09", Precision: "month", Event: "UA", Now: "UA",
	Target: "relative", Role: "relative", Basis: "told_by_other", Agrees: "unasked", Told: []string{"nobody"},
	Consent: []string{"statistics"},
}, {
	Language:  "uk",
	Danger:    "yes",
	Narrative: `Увечері біля гуртожитку двоє намагалися посадити мене в машину. Казали, що вони з поліції, але не показали посвідчень. Я закричав, вийшли люди, вони поїхали. На плечі синець. Лікар записав.`,
	Methods:   []string{"D3", "D2"}, When: "2025-11-23", Precision: "day", Event: "TR", Now: "TR",
	Target: "me", Role: "volunteer_fighter", Basis: "present", Agrees: "self", Told: []string{"police"},
	Consent: []string{"statistics", "lawyer", "police", "court", "ask"},
	Contact: "demo-six@example.org", ContactWhen: "вдень", Name: "Приклад Шостий",
	Files: []File{photo("плече.jpg", 41), letter("довідка.pdf", "Приймальня лікаря (вигадана)", "Довідка",
		"На лівому плечі синець, близько чотирьох сантиметрів. Рекомендовано спокій.",
		"Цей папір зроблено програмою для показу. Такої приймальні немає.")}, ShowWho: true,
}, {
	Language:  "uk",
	Danger:    "no",
	Narrative: `Щодня пишуть з нових акаунтів. Спершу жартують, потім погрожують, потім знову жартують. Знають, як звуть мого пса. Блокую, а за годину з'являється інший. Це триває з весни.`,
	Methods:   []string{"T3", "T1"}, When: "2025-04", Precision: "ongoing", Event: "PL", Now: "PL",
	Target: "me", Role: "activist", Basis: "seen", Agrees: "self", Told: []string{"police"},
	Consent: []string{"statistics", "lawyer", "police"},
	Files: []File{chat("листування.txt", `[2025-04-30 07:11] невідомий акаунт: Доброго ранку. Як пес?
[2025-04-30 07:12] невідомий акаунт: Гарний двір у вас, тихий.
[2025-04-30 07:40] я: Хто ви?
[2025-04-30 07:41] невідомий акаунт: Друзі. Ще побачимось.
`)},
}, {
	Language:  "uk",
	Danger:    "no",
	Narrative: `Проти мене відкрили справу за те, що я возила ліки. Дізналася з їхнього сайту. Слідчий писав моїй однокласниці й питав, де я живу тепер.`,
	Methods:   []string{"L1", "P5"}, When: "2025-01-30", Precision: "day", Event: "RU", Now: "CZ",
	Target: "me", Role: "activist", Basis: "seen", Agrees: "self", Told: []string{"nobody"},
	Consent: []string{"statistics", "lawyer", "court", "ccf"},
}, {
	Language:  "uk",
	Danger:    "no",
	Narrative: `Чоловікові потрібна довідка про шлюб. У консульстві країни, де він народився, сказали: спочатку напишіть, де були ваші родичі у 2022 році і хто з них служить. Він пішов без довідки.`,
	Methods:   []string{"M3", "T9"}, When: "2025-05-14", Precision: "day", Event: "DE", Now: "DE",
	Target: "relative", Role: "ordinary", Basis: "told_by_person", Agrees: "yes", Told: []string{"nobody"},
	Consent: []string{"statistics", "lawyer"},
}, {
	Language: "uk",
	Danger:   "no",
	Narrative: `Після акції підлітки в масках побили товариша і зламали йому окуляри. Один кричав не місцевою мовою. Товариш не проти, щоб я розповіла, але сам писати не хоче.

Фото зробила я, наступного дня.`,
	Methods: []string{"D2"}, When: "2025-05-09", Precision: "day", Event: "DE", Now: "DE",
	Target: "acquaintance", Role: "activist", Basis: "present", Agrees: "yes", Told: []string{"police"},
	Consent: []string{"statistics", "lawyer", "police"},
	Files:   []File{photo("IMG_0008.jpeg", 47)},
}, {
	Language: "uk",
	Danger:   "unsure",
	Narrative: `Мені надіслали змонтовану картинку, ніби це я, і сказали, що її побачать мої батьки й колеги, якщо я не перестану писати. Це не я. Мені соромно, хоча я знаю, що соромитися мають вони.

Картинку не додаю.`,
	Methods: []string{"T10", "T1"}, When: "2025-12", Precision: "month", Event: "LT", Now: "LT",
	Target: "me", Role: "journalist", Basis: "present", Agrees: "self", Told: []string{"nobody"},
	Consent: []string{"statistics", "lawyer", "ask"},
	Contact: "demo-seven@example.org", ContactWhen: "лише тут, на цій сторінці, якщо можна",
}, {
	Language:  "uk",
	Danger:    "no",
	Narrative: `Людина, якій ми допомагаємо, отримала лист від міграційної служби: інша держава просить її адресу «для розслідування». Служба відмовила, але попередила нас.`,
	Methods:   []string{"H6"}, When: "2026-01-09", Precision: "day", Event: "NO", Now: "NO",
	Target: "assisted", Role: "former_prisoner", Basis: "seen", Agrees: "yes", Told: []string{"other"},
	Consent: []string{"statistics", "lawyer", "un"},
}}
