@product-item/edit-source
Feature: A product edited in Customerp arrives in Invoiced

  Background:
    Given a Customerp Product linked with its Invoiced Item

  @id:property @req:35 @req:38 @req:47 @req:52
  Scenario Outline: <case>
    Given its <property> is <before> on both sides
    When <property> is set to <after> in Customerp
    And the sync comes to rest
    Then <counterpart> in Invoiced is <arrived>
    And nothing else has changed on either side
    And one more round writes nothing

    Examples: suggested in the supplement
      | case                     | property     | before     | after                  | counterpart | arrived                |
      | name changed             | name         | Site visit | Inspection             | name        | Inspection             |
      | name in other signs      | name         | Site visit | 現地調査 & Überprüfung | name        | 現地調査 & Überprüfung |
      | description changed      | description  | Half a day | One day, two people    | description | One day, two people    |
      | description cleared      | description  | Half a day | (nothing)              | description | (nothing)              |
      | category changed         | category     | service    | product                | type        | product                |
      | category cleared         | category     | service    | (nothing)              | type        | (nothing)              |
      | price raised             | unitPrice    | 120        | 125.50                 | unit_cost   | 125.5                  |
      | price with many decimals | unitPrice    | 120        | 18.3454321             | unit_cost   | 18.3454321             |
      | price dropped to nothing | unitPrice    | 120        | 0                      | unit_cost   | 0                      |
      | currency changed         | currency     | EUR        | NOK                    | currency    | nok                    |
      | product discontinued     | discontinued | no         | yes                    | archived    | yes                    |
      | product taken up again   | discontinued | yes        | no                     | archived    | no                     |

  @id:price-and-name
  Scenario: A price and a name saved together arrive together
    When these properties are set in Customerp
      | property  | value      |
      | unitPrice | 99.90      |
      | name      | Inspection |
    And the sync comes to rest
    Then unit_cost in Invoiced is 99.9
    And name in Invoiced is Inspection
    And nothing else has changed on either side
    And it is still linked with the same Invoiced Item
    And one more round writes nothing

  @id:sku @req:54
  Scenario: A stock number cannot travel: an item never changes its id
    When sku is set to OTHER-9 in Customerp
    And the sync comes to rest
    Then id in Invoiced has not changed
    And the sync reports a deviation on sku
    And there is 1 Item in Invoiced
    And nothing else has changed on either side
    And one more round writes nothing
