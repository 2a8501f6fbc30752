package desk

import "testing"

func TestKeyedValues(t *testing.T) {
	few := keyed[int]{most: 2, same: func(a, b int) bool { return a == b }}
	first, second := few.put(1), few.put(2)
	if again := few.put(2); again != "" || len(few.all()) != 2 {
		t.Errorf("one value is held twice: %v", few.all())
	}
	third := few.put(3)
	if _, ok := few.get(first); ok || first == third {
		t.Error("the oldest does not go first")
	}
	if list := few.all(); len(list) != 2 || list[0] != (kept[int]{second, 2}) || list[1] != (kept[int]{third, 3}) {
		t.Errorf("held: %v", list)
	}
	for round, want := range []bool{true, false} {
		if one, ok := few.take(second); ok != want || ok && one != 2 {
			t.Errorf("taken %d times before: %d, %v", round, one, ok)
		}
	}
	if one, ok := few.get(third); !ok || one != 3 {
		t.Errorf("taking one takes another: %d, %v", one, ok)
	}
	if few.clear(); len(few.all()) != 0 {
		t.Errorf("after it was cleared: %v", few.all())
	}
	var all keyed[int]
	for range 3 {
		all.put(7)
	}
	if len(all.all()) != 3 {
		t.Errorf("without bounds: %v", all.all())
	}
}

func TestAGuardedValue(t *testing.T) {
	var n guarded[int]
	n.set(func(v *int) { *v = 5 })
	if n.get() != 5 {
		t.Errorf("set to 5: %d", n.get())
	}
	if n.clear(); n.get() != 0 {
		t.Errorf("after it was cleared: %d", n.get())
	}
}
